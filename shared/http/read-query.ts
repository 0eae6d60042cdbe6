// Parameters of a query: each is declared once, and from that it is read, refused and documented.

import { isClientOrSiteName } from '../domain/client.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { parseMacAddress } from '../domain/mac-address.ts';
import { parseDuration } from '../duration.ts';
import { RequestError } from '../errors.ts';
import type { Schema } from './schema.ts';

export interface Parameter<T = unknown, D extends string | undefined = string | undefined> {
  /** Of the text in the query. */
  readonly schema: Schema<string>;
  /** @returns `undefined` for a text that the parameter cannot have */
  readonly read: (text: string, now: Instant) => T | undefined;
  /** What is wrong with such a text, as the end of a sentence that begins with the parameter. */
  readonly problem: string;
  /** Taken where the parameter is absent. */
  readonly byDefault: D;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** What a query says by its declaration; a parameter with a default is always there. */
export type Given<P> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T, infer D>
    ? T | ([D] extends [string] ? never : undefined)
    : never;
};

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter: a misspelt filter must not look like "all of them" */
export function readQuery<P extends Parameters>(
  parameters: P,
  query: Iterable<[string, string]>,
  now: Instant,
): Given<P> {
  const texts = new Map<string, string>();
  for (const [name, value] of query) {
    if (!Object.hasOwn(parameters, name)) {
      throw queryError(name, `is not known; known are ${Object.keys(parameters).join(', ')}`);
    }
    if (texts.has(name)) throw queryError(name, 'may be given once only');
    texts.set(name, value);
  }
  const given = Object.entries(parameters).map(([name, { read, problem, byDefault }]) => {
    const text = texts.get(name) ?? byDefault;
    const value = text === undefined ? undefined : read(text, now);
    if (text !== undefined && value === undefined) throw queryError(name, problem);
    return [name, value];
  });
  return Object.fromEntries(given) as Given<P>;
}

export function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field.slice(0, 40)} ${problem}.`, {
    action: 'Correct the query; docs/api.md lists the parameters.',
    field: field.slice(0, 40),
  });
}

function parameter<T>(schema: Schema<string>, problem: string, read: Parameter<T>['read']): Parameter<T, undefined> {
  return { schema, problem, read, byDefault: undefined };
}

/** The same parameter, with what its absence means. */
export function byDefault<T, const D extends string>(value: D, of: Parameter<T>): Parameter<T, D> {
  return { ...of, byDefault: value, schema: { ...of.schema, default: value } };
}

/** @param longest characters */
export function anyText(description: string, longest: number): Parameter<string, undefined> {
  const schema: Schema<string> = { type: 'string', description, maxLength: longest };
  return parameter(schema, 'is empty or too long', (text) => (text === '' || text.length > longest ? undefined : text));
}

export function word<const T extends readonly string[]>(
  values: T,
  description: string,
): Parameter<T[number], undefined> {
  return parameter({ type: 'string', enum: values, description }, `must be one of ${values.join(', ')}`, (text) =>
    values.find((value) => value === text),
  );
}

export function siteName(description: string): Parameter<string, undefined> {
  const schema: Schema<string> = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,39}$', description };
  return parameter(schema, 'is no name of a site', (text) => (isClientOrSiteName(text) ? text : undefined));
}

export function macAddress(description: string): Parameter<string, undefined> {
  return parameter({ type: 'string', description }, 'is no MAC address', parseMacAddress);
}

/** A moment (ISO 8601 in UTC), or how long ago it was. */
export function moment(description: string): Parameter<Instant, undefined> {
  const schema = { type: 'string', description, examples: ['2026-11-20T08:00:00Z', '90m', '7d'] } as const;
  const problem = 'must be a time like 2026-11-20T08:00:00Z, or how long ago, like 90m or 7d';
  return parameter<Instant>(schema, problem, (text, now) => {
    const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
    if (ago !== undefined && ago < Date.parse(now)) return addMilliseconds(now, -ago);
    const at = /^\d{4}-\d\d-\d\d(T[\d:.]{5,12}Z)?$/.test(text) ? new Date(text) : undefined;
    return at !== undefined && at.getTime() >= 0 ? at.toISOString() : undefined;
  });
}

/** @param pattern of the `next` of a page */
export function pageMark(pattern: RegExp): Parameter<string, undefined> {
  const schema = {
    type: 'string',
    description: 'What the page before had as `next`',
    pattern: pattern.source,
  } as const;
  return parameter<string>(schema, 'must be what the page before had as "next"', (text) =>
    pattern.test(text) ? text : undefined,
  );
}

export function limit<const D extends string>(largest: number, usual: D): Parameter<number, D> {
  const description = `How many at most, from 1 to ${largest}`;
  const problem = `must be a number from 1 to ${largest}`;
  const read = (text: string): number | undefined => {
    const value = Number(text);
    return Number.isInteger(value) && value >= 1 && value <= largest ? value : undefined;
  };
  return byDefault(usual, parameter({ type: 'string', description, pattern: '^[0-9]+$' }, problem, read));
}
