// What one process remembers of its newest answers.

import type { Instant } from '../domain/instant.ts';
import type { AnsweredSession } from '../domain/session/session.ts';

/** What this process answered and wrote last for each session, so that it need not write the same again. */
export interface RecentAnswers {
  get(sessionId: string): RecentAnswer | undefined;
  set(sessionId: string, answer: RecentAnswer): void;
  forget(sessionId: string): void;
  /** After a write that was given up: the column that the next answers of the session go into, until then. */
  setColumn(sessionId: string, column: { readonly column: string; readonly until: Instant }): void;
  columnOf(sessionId: string, now: Instant): string | undefined;
}

export interface RecentAnswer {
  readonly session: AnsweredSession;
  /** Until then it need not be written again while it stays the same. */
  readonly freshUntil: Instant;
}
