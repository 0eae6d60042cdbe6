// Answers that stand in for the tenant's own for a number of requests: captive portals, broken pages, silence.

import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import { readyAnswer } from './ready-answers.ts';
import { checkedScript, replaces, type Script, type ScriptTarget } from './script.ts';

interface PendingScript {
  readonly script: Script;
  skip: number;
  times: number;
}

export class ScriptedAnswers {
  readonly #pending = new Map<ScriptTarget, PendingScript[]>();
  readonly #closing: AbortSignal;
  readonly #now: () => Date;

  /** The signal ends all waiting, so that no timer outlives the tenant. */
  constructor(closing: AbortSignal, now: () => Date) {
    this.#closing = closing;
    this.#now = now;
  }

  /** Scripts for one target are played in the order in which they were added. */
  add(script: Script): void {
    const queue = this.#pending.get(script.target) ?? [];
    queue.push({ script: checkedScript(script), skip: script.skip ?? 0, times: script.times ?? 1 });
    this.#pending.set(script.target, queue);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** How many requests to this target are still to be answered by script. */
  pending(target: ScriptTarget): number {
    return (this.#pending.get(target) ?? []).reduce((sum, { times }) => sum + times, 0);
  }

  /**
   * Takes the script that this request falls to, if there is one.
   *
   * @param page - Number of the page asked for, where the target has pages.
   */
  take(target: ScriptTarget, page?: number): Script | undefined {
    const queue = this.#pending.get(target);
    const first = queue?.find(({ script }) => script.page === undefined || script.page === page);
    if (queue === undefined || first === undefined) {
      return undefined;
    }
    if (first.skip > 0) {
      first.skip -= 1;
      return undefined;
    }
    first.times -= 1;
    first.skip = (first.script.every ?? 1) - 1;
    if (first.times === 0) {
      queue.splice(queue.indexOf(first), 1);
    }
    return first.script;
  }

  /** Plays the script; false when the tenant's own answer is to follow. */
  async play(script: Script, exchange: HttpExchange): Promise<boolean> {
    if (script.hang === true) {
      return true;
    }
    if (script.delayMs !== undefined && !(await this.#waited(script.delayMs))) {
      return true;
    }
    if (script.damage !== undefined) {
      exchange.damageAnswer(script.damage);
    }
    if (!replaces(script)) {
      return false;
    }
    const ready = script.answer === undefined ? undefined : readyAnswer(script.answer, exchange, this.#now());
    const headers = { ...ready?.headers, ...retryAfter(script, this.#now()), ...script.headers };
    exchange.answer(script.status ?? ready?.status ?? 200, headers, script.body ?? ready?.body ?? '');
    return true;
  }

  async #waited(milliseconds: number): Promise<boolean> {
    try {
      await delay(milliseconds, undefined, { signal: this.#closing });
      return true;
    } catch {
      return false;
    }
  }
}

function retryAfter(script: Script, now: Date): AnswerHeaders {
  if (script.retryAfterSeconds !== undefined) {
    return { 'retry-after': String(script.retryAfterSeconds) };
  }
  if (script.retryAfterDate !== undefined) {
    return { 'retry-after': new Date(now.getTime() + script.retryAfterDate * 1000).toUTCString() };
  }
  return {};
}
