// What a station was told last: by this process, which remembers it, or by another one, as the store has it. So an answer that
// says nothing new is not written again, whichever instance is asked.

import { coaPlaceOf, sameNas } from '../domain/coa-place.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecentAnswer, RecentAnswers } from '../ports/recent-answers.ts';
import type { SessionStore } from '../ports/session-store.ts';

/** An unchanged session is written again after this long, as a sign that it lives. */
export const REWRITE_AFTER_MS = 5 * 60_000;
/** A store that has not said so in this time is not waited for: then the answer is written, which it would have saved. */
const TOLD_DEADLINE_MS = 50;
/**
 * What another instance told in this very moment it may still be looking at (has the device moved?). Then both write, and each
 * looks for itself.
 */
const SETTLED_AFTER_MS = 2_000;

export interface ToldBeforeDeps {
  readonly sessions: Pick<SessionStore, 'read'>;
  readonly recentAnswers: RecentAnswers;
  readonly clock: Clock;
}

/** @returns `undefined` when neither memory nor the store has an answer that still counts, or the store does not say so in time */
export function toldBefore(deps: ToldBeforeDeps, sessionId: string): RecentAnswer | Promise<RecentAnswer | undefined> {
  return deps.recentAnswers.get(sessionId) ?? toldElsewhere(deps, sessionId);
}

async function toldElsewhere(
  { sessions, recentAnswers, clock }: ToldBeforeDeps,
  sessionId: string,
): Promise<RecentAnswer | undefined> {
  const stored = await clock
    .within(TOLD_DEADLINE_MS, (signal) => sessions.read(sessionId, { signal }))
    .catch(() => undefined);
  if (stored === undefined || !stillCounts(stored, toInstant(clock.now()))) return undefined;
  const { accounting, ...session } = stored;
  const told = { session, freshUntil: addMilliseconds(session.decision.decidedAt, REWRITE_AFTER_MS) };
  recentAnswers.set(sessionId, told);
  return told;
}

/** Not where accounting has it that the station has left since, or is at another NAS: the next answer says that it is here. */
function stillCounts(session: Session, now: Instant): boolean {
  const { accounting, ...asTold } = session;
  const age = millisecondsBetween(session.decision.decidedAt, now);
  if (age < SETTLED_AFTER_MS || age >= REWRITE_AFTER_MS) return false;
  return isLive(session, now) && sameNas(coaPlaceOf(session).nas, coaPlaceOf(asTold).nas);
}
