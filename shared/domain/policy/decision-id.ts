// Ids of decisions. They hold the session and the time, so that a decision is found by its id alone, without a search;
// they travel as RADIUS Class, so they hold nothing else.

import { addMilliseconds, type Instant, toInstant } from '../instant.ts';

export interface DecisionIdParts {
  readonly sessionId: string;
  readonly at: Instant;
}

/** @param random eight hexadecimal digits */
export function decisionId(sessionId: string, at: Date, random: string): string {
  return `${sessionId}-${at.getTime().toString(36)}${random}`;
}

/** `undefined` when the text is no id of a decision. */
export function parseDecisionId(text: string): DecisionIdParts | undefined {
  const match = /^(?<session>[0-9a-f]{20})-(?<time>[0-9a-z]{8,9})[0-9a-f]{8}$/.exec(text);
  if (!match?.groups) return undefined;
  const at = addMilliseconds(EPOCH, Number.parseInt(match.groups['time'] ?? '', 36));
  return { sessionId: match.groups['session'] ?? '', at };
}

const EPOCH = toInstant(new Date(0));
