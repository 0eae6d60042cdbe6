// Answers that stand in for the simulated MDM server's own for a number of requests: refusals, silence, broken answers.

import { setTimeout as delay } from 'node:timers/promises';
import { ControlError } from '../intune-tenant/control-error.ts';
import {
  ANSWER_DAMAGES,
  type AnswerDamage,
  type AnswerHeaders,
  type HttpExchange,
} from '../intune-tenant/http-exchange.ts';
import type { QuestionKind } from './answer-question.ts';

export const SCRIPT_TARGETS = ['information', 'device', 'list'] as const;
export type ScriptTarget = (typeof SCRIPT_TARGETS)[number];

export interface ServerScript {
  readonly target: ScriptTarget;
  /** With it, the script answers in the server's place. */
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  readonly body?: string;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** Never answer; the connection stays open until either side closes it. */
  readonly hang?: boolean;
  /** How the answer, scripted or the server's own, is spoilt on its way. */
  readonly damage?: AnswerDamage;
  /** Requests that get this answer; 1 by default. */
  readonly times?: number;
  /** Requests that are answered normally first; 0 by default. */
  readonly skip?: number;
}

const KINDS: Readonly<Record<keyof ServerScript, string>> = {
  target: 'string',
  status: 'number',
  headers: 'object',
  body: 'string',
  delayMs: 'number',
  hang: 'boolean',
  damage: 'string',
  times: 'number',
  skip: 'number',
};

export class ServerScripts {
  readonly #pending: { readonly script: ServerScript; skip: number; times: number }[] = [];
  readonly #closing: AbortSignal;

  /** @param closing ends all waiting, so that no timer outlives the server */
  constructor(closing: AbortSignal) {
    this.#closing = closing;
  }

  add(script: ServerScript): void {
    this.#pending.push({ script, skip: script.skip ?? 0, times: script.times ?? 1 });
  }

  clear(): void {
    this.#pending.length = 0;
  }

  /** Plays the script that the request falls to. @returns false when the server's own answer is to follow */
  async play(kind: QuestionKind, exchange: HttpExchange): Promise<boolean> {
    const first = this.#pending.find(({ script }) => script.target === kind);
    if (first === undefined) return false;
    if (first.skip > 0) {
      first.skip -= 1;
      return false;
    }
    first.times -= 1;
    if (first.times <= 0) this.#pending.splice(this.#pending.indexOf(first), 1);
    const { status, headers, body, delayMs, hang, damage } = first.script;
    if (hang === true) return true;
    if (delayMs !== undefined && !(await this.#waited(delayMs))) return true;
    if (damage !== undefined) exchange.damageAnswer(damage);
    if (status === undefined) return false;
    exchange.answer(status, { 'content-type': 'application/xml', ...headers }, body ?? '');
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

/** The same script, once its names and values fit. @throws ControlError */
export function checkedScript(input: Readonly<Record<string, unknown>>): ServerScript {
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(KINDS, name) || typeof value !== KINDS[name as keyof ServerScript] || value === null) {
      throw new ControlError(400, 'invalid_script', `'${name}' does not fit: use ${Object.keys(KINDS).join(', ')}`);
    }
  }
  const { target, damage } = input;
  if (!SCRIPT_TARGETS.some((each) => each === target)) {
    throw new ControlError(400, 'invalid_script', `target must be one of ${SCRIPT_TARGETS.join(', ')}`);
  }
  if (damage !== undefined && !ANSWER_DAMAGES.some((each) => each === damage)) {
    throw new ControlError(400, 'invalid_script', `damage must be one of ${ANSWER_DAMAGES.join(', ')}`);
  }
  return input as unknown as ServerScript;
}
