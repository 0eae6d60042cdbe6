// What a scripted answer may say, and the check of one that was sent by someone else.

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { LocalError } from '../local-error.ts';
import { ANSWER_DAMAGES, type AnswerDamage, type AnswerHeaders } from './http-exchange.ts';
import { READY_ANSWERS, type ReadyAnswer } from './ready-answers.ts';

export const SCRIPT_TARGETS = [
  'token',
  'identity',
  'discovery',
  'page',
  'device',
  'batch',
  'delta',
  'devices',
  'directoryDevice',
  'people',
  'endpoints',
  'complianceInfo',
  'complianceDevice',
  'complianceList',
] as const;
export type ScriptTarget = (typeof SCRIPT_TARGETS)[number];

export interface Script {
  readonly target: ScriptTarget;
  /** A failure that is known to happen, whole; what else is given replaces its parts. */
  readonly answer?: ReadyAnswer;
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  readonly body?: string;
  /** Adds `Retry-After` in seconds, whole or with a fraction. */
  readonly retryAfterSeconds?: number;
  /** Adds `Retry-After` as an HTTP date, this many seconds from now on the tenant's clock. */
  readonly retryAfterDate?: number;
  /**
   * Time to wait before answering. A script with nothing but a delay lets the tenant's own answer follow; with
   * `answer`, `status`, `headers` or `body` it is replaced.
   */
  readonly delayMs?: number;
  /** Never answer: the connection stays open until either side closes it. */
  readonly hang?: boolean;
  /** How the answer, scripted or the tenant's own, is spoilt on its way. */
  readonly damage?: AnswerDamage;
  /** Only requests for this page of a list of managed devices, counted from 1, fall to the script. */
  readonly page?: number;
  /** How many requests get this answer; 1 by default. */
  readonly times?: number;
  /** How many requests are answered normally first; 0 by default. */
  readonly skip?: number;
  /** With 3, every third request gets this answer, the first of them at once; 1 by default. */
  readonly every?: number;
}

export class ScriptError extends LocalError {}

const LONGEST_DELAY = 600_000;
const MOST_REQUESTS = 1_000_000;
export const SCRIPT_PROPERTIES: readonly string[] = [
  'target',
  'answer',
  'status',
  'headers',
  'body',
  'retryAfterSeconds',
  'retryAfterDate',
  'delayMs',
  'hang',
  'damage',
  'page',
  'times',
  'skip',
  'every',
];

/** Whether the script stands in for the tenant's own answer. */
export function replaces(script: Script): boolean {
  return [
    script.answer,
    script.status,
    script.headers,
    script.body,
    script.retryAfterSeconds,
    script.retryAfterDate,
  ].some((part) => part !== undefined);
}

/** The script as sent by someone else, once it is found to be one. */
export function checkedScript(input: unknown): Script {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ScriptError('a script is an object such as {"target":"page","status":200,"body":"<html>"}');
  }
  const script = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(script).find((name) => !SCRIPT_PROPERTIES.includes(name));
  if (unknown !== undefined) {
    throw new ScriptError(`a script has no '${unknown}': use ${SCRIPT_PROPERTIES.join(', ')}`);
  }
  const { target, answer, damage, headers, body, hang, page, retryAfterSeconds } = script;
  oneOf('target', target, SCRIPT_TARGETS);
  if (answer !== undefined) {
    oneOf('answer', answer, READY_ANSWERS);
  }
  if (damage !== undefined) {
    oneOf('damage', damage, ANSWER_DAMAGES);
  }
  wholeNumber(script, 'status', 200, 599);
  wholeNumber(script, 'delayMs', 0, LONGEST_DELAY);
  wholeNumber(script, 'times', 1, MOST_REQUESTS);
  wholeNumber(script, 'skip', 0, MOST_REQUESTS);
  wholeNumber(script, 'every', 1, MOST_REQUESTS);
  wholeNumber(script, 'page', 1, MOST_REQUESTS);
  wholeNumber(script, 'retryAfterDate', 0, MOST_REQUESTS);
  if (page !== undefined && target !== 'page') {
    throw new ScriptError('page numbers the pages of the list of managed devices: use it with the target page');
  }
  if (retryAfterSeconds !== undefined && !(Number.isFinite(retryAfterSeconds) && Number(retryAfterSeconds) >= 0)) {
    throw new ScriptError('retryAfterSeconds must be a number of seconds such as 7 or 2.128');
  }
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
  if (!replaces(checked) && checked.delayMs === undefined && checked.hang !== true && checked.damage === undefined) {
    throw new ScriptError(
      'a script must say what happens: give answer, status, headers or body, or delayMs, or hang, or damage',
    );
  }
  return checked;
}

function oneOf(name: string, value: unknown, values: readonly string[]): void {
  if (!values.some((known) => known === value)) {
    throw new ScriptError(`${name} must be one of ${values.join(', ')}`);
  }
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
