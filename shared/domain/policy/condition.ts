// A condition: what it wants, what it sees, and whether it holds. So a decision can be explained rule by rule.

import { globMatches } from '../glob.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** All conditions of a rule must hold; within one, any of the values listed will do. */
export interface Condition {
  /** As the policy's author wrote it, e.g. `osVersion`. */
  readonly name: string;
  /** What is wanted, in the author's words. */
  readonly wanted: string;
  /** Groups that it asks for, by object id: a source must read their members. */
  readonly groups?: readonly string[];
  /** What the request has; `undefined` when it has nothing of the kind, and then the condition does not hold. */
  actual(facts: PolicyFacts): string | undefined;
  /** `undefined` when that is not known: the value should be there, and is missing, cut or not understood. */
  holds(facts: PolicyFacts): boolean | undefined;
}

/** The value of a fact: `undefined` where there is none, `null` where there is one that cannot be read. */
export type Reading<T> = T | null | undefined;

/** A limit, e.g. `>= 10.0.19045` or `< 60`. */
export interface Limit<T> {
  readonly operator: '>=' | '<';
  readonly value: T;
  readonly text: string;
}

type Read<T> = (facts: PolicyFacts) => Reading<T>;

export function oneOf(
  name: string,
  values: readonly string[],
  read: Read<string>,
  matches: (value: string, text: string) => boolean = (value, text) => value === text,
): Condition {
  return severalOf(
    name,
    values,
    (facts) => {
      const text = read(facts);
      return typeof text === 'string' ? [text] : text;
    },
    matches,
  );
}

/** Of a fact that may mean several things: the condition holds if it does for all, and is not known if for some. */
export function severalOf(
  name: string,
  values: readonly string[],
  read: Read<readonly string[]>,
  matches: (value: string, text: string) => boolean = (value, text) => value === text,
): Condition {
  return {
    name,
    wanted: values.join(', '),
    actual: (facts) => read(facts)?.join(', '),
    holds(facts) {
      const texts = read(facts);
      if (texts === null) return undefined;
      const fitting = (texts ?? []).filter((text) => values.some((value) => matches(value, text))).length;
      if (fitting > 0 && fitting < (texts?.length ?? 0)) return undefined;
      return fitting > 0;
    },
  };
}

export function numberCondition(
  name: string,
  limits: readonly Limit<number>[],
  read: Read<number>,
  show: (value: number) => string,
): Condition {
  return {
    name,
    wanted: textOf(limits),
    actual(facts) {
      const value = read(facts);
      return typeof value === 'number' ? show(value) : undefined;
    },
    holds(facts) {
      const value = read(facts);
      if (value === null) return undefined;
      return value !== undefined && limits.every((limit) => meetsLimit(limit, value - limit.value));
    },
  };
}

export function flagCondition(name: string, wanted: boolean, read: Read<boolean>): Condition {
  return {
    name,
    wanted: String(wanted),
    actual(facts) {
      const value = read(facts);
      return typeof value === 'boolean' ? String(value) : undefined;
    },
    holds(facts) {
      const value = read(facts);
      return value === null ? undefined : value === wanted;
    },
  };
}

export function meetsLimit({ operator }: Limit<unknown>, difference: number): boolean {
  return operator === '<' ? difference < 0 : difference >= 0;
}

export function textOf(limits: readonly Limit<unknown>[]): string {
  return limits.map(({ text }) => text).join(' and ');
}

export function ignoringCase(value: string, text: string): boolean {
  return comparable(value) === comparable(text);
}

/** However an accented letter is composed. */
export function globIgnoringCase(pattern: string, text: string): boolean {
  return globMatches(comparable(pattern), comparable(text));
}

function comparable(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
