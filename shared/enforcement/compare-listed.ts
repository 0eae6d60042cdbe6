// Compares the sessions that something noted to be compared soon. Each round begins with them.

import { concurrently } from '../concurrently.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { type ComparisonResult, compareSafely } from './compare-safely.ts';
import type { DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';

/** Notes taken from the store at once. */
const NOTES_AT_ONCE = 500;
/** Sessions compared at once. */
const SESSIONS_AT_ONCE = 16;

/**
 * A note goes once its session was compared; one that was written again meanwhile stays.
 * @param until no further page of notes is begun after this
 * @returns how many jobs were decided
 */
export async function compareListed(deps: DecideJobsDeps, open: OpenJobs, until: Instant): Promise<number> {
  let decided = 0;
  while (toInstant(deps.clock.now()) < until) {
    const notes = await deps.sessions.listToCompare(NOTES_AT_ONCE);
    const results = await concurrently(notes, SESSIONS_AT_ONCE, async (note): Promise<ComparisonResult> => {
      const result = await compareSafely(deps, note.sessionId, open);
      await deps.sessions.removeCompared(note);
      return result;
    });
    decided += results.filter((result) => result === 'decided').length;
    if (notes.length < NOTES_AT_ONCE) break;
  }
  return decided;
}
