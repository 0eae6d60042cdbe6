/** Answers that stand in for the tenant's own for a number of requests: captive portals, broken pages, silence. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

export const scriptTargets = [
  'token',
  'identity',
  'discovery',
  'page',
  'device',
  'batch',
  'delta',
  'endpoints',
  'complianceInfo',
  'complianceDevice',
  'complianceList',
] as const;
export type ScriptTarget = (typeof scriptTargets)[number];

export interface Script {
  readonly target: ScriptTarget;
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  readonly body?: string;
  /**
   * Time to wait before answering. A script with nothing but a delay lets the tenant's own answer follow; with `status`,
   * `headers` or `body` it is replaced.
   */
  readonly delayMs?: number;
  /** Never answer: the connection stays open until either side closes it. */
  readonly hang?: boolean;
  /** How many requests get this answer; 1 unless told. */
  readonly times?: number;
  /** How many requests are answered normally first; 0 unless told. */
  readonly skip?: number;
}

export class ScriptError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScriptError';
  }
}

interface PendingScript {
  readonly script: Script;
  skip: number;
  times: number;
}

const longestDelay = 600_000;
const mostRequests = 1_000_000;
const scriptProperties = ['target', 'status', 'headers', 'body', 'delayMs', 'hang', 'times', 'skip'];

export class ScriptedAnswers {
  readonly #pending = new Map<ScriptTarget, PendingScript[]>();
  readonly #closing: AbortSignal;

  /** The signal ends all waiting, so that no timer outlives the tenant. */
  constructor(closing: AbortSignal) {
    this.#closing = closing;
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

  /** Takes the script that this request falls to, if there is one. */
  take(target: ScriptTarget): Script | undefined {
    const queue = this.#pending.get(target);
    const first = queue?.[0];
    if (queue === undefined || first === undefined) {
      return undefined;
    }
    if (first.skip > 0) {
      first.skip -= 1;
      return undefined;
    }
    first.times -= 1;
    if (first.times === 0) {
      queue.shift();
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
    if (!replaces(script)) {
      return false;
    }
    exchange.answer(script.status ?? 200, script.headers ?? {}, script.body ?? '');
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

function replaces(script: Script): boolean {
  return script.status !== undefined || script.headers !== undefined || script.body !== undefined;
}

/** The script as sent by someone else, once it is found to be one. */
export function checkedScript(input: unknown): Script {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ScriptError('a script is an object such as {"target":"page","status":200,"body":"<html>"}');
  }
  const script = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(script).find((name) => !scriptProperties.includes(name));
  if (unknown !== undefined) {
    throw new ScriptError(`a script has no '${unknown}': use ${scriptProperties.join(', ')}`);
  }
  const { target, headers, body, hang } = script;
  if (!scriptTargets.some((known) => known === target)) {
    throw new ScriptError(`target must be one of ${scriptTargets.join(', ')}`);
  }
  wholeNumber(script, 'status', 200, 599);
  wholeNumber(script, 'delayMs', 0, longestDelay);
  wholeNumber(script, 'times', 1, mostRequests);
  wholeNumber(script, 'skip', 0, mostRequests);
  if (headers !== undefined && !sendableHeaders(headers)) {
    throw new ScriptError('headers must be an object of header names and strings that HTTP allows');
  }
  if (body !== undefined && typeof body !== 'string') {
    throw new ScriptError('body must be a string: write JSON as text, for example "{\\"value\\":1}"');
  }
  if (hang !== undefined && typeof hang !== 'boolean') {
    throw new ScriptError('hang must be true or false');
  }
  const checked = input as Script;
  if (!replaces(checked) && checked.delayMs === undefined && checked.hang !== true) {
    throw new ScriptError('a script must say what happens: give status, headers or body, or delayMs, or hang');
  }
  return checked;
}

function wholeNumber(script: Readonly<Record<string, unknown>>, name: string, least: number, most: number): void {
  const value = script[name];
  if (value !== undefined && !(Number.isInteger(value) && Number(value) >= least && Number(value) <= most)) {
    throw new ScriptError(`${name} must be a whole number from ${least} to ${most}`);
  }
}

function sendableHeaders(headers: unknown): boolean {
  if (typeof headers !== 'object' || headers === null) {
    return false;
  }
  return Object.entries(headers).every(([name, value]) => {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      return typeof value === 'string';
    } catch {
      return false;
    }
  });
}
