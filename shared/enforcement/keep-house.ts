// Removes what has been over for long: finished jobs after a set time, sessions a day after they expired. Each call does
// a bounded share of it; nothing has to be remembered in between.

import { SHARDS } from '../domain/device.ts';
import { addMilliseconds, toInstant } from '../domain/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { Random } from '../ports/random.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface HousekeepingDeps {
  readonly jobs: JobStore;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface HousekeepingLimits {
  /** Milliseconds that a job is kept after its end. */
  readonly jobHistoryMs: number;
  /** Rows of a kind removed at once. */
  readonly mostRemoved: number;
}

export async function keepHouse(
  { jobs, sessions, clock, random, log }: HousekeepingDeps,
  { jobHistoryMs, mostRemoved }: HousekeepingLimits,
): Promise<{ readonly jobs: number; readonly sessions: number }> {
  const now = toInstant(clock.now());
  const removedJobs = await jobs.removeFinished(addMilliseconds(now, -jobHistoryMs), mostRemoved);
  // From another shard each time, so that every one has its turn even if no call ever gets round.
  const first = Math.floor(random.fraction() * SHARDS.length);
  let removedSessions = 0;
  for (const index of SHARDS.keys()) {
    const shard = SHARDS[(first + index) % SHARDS.length] ?? '0';
    removedSessions += await sessions.removeSilent(shard, now, mostRemoved - removedSessions);
    if (removedSessions >= mostRemoved) break;
  }
  const removed = { jobs: removedJobs, sessions: removedSessions };
  if (removedJobs + removedSessions > 0) log.info('housekeeping.removed', removed);
  return removed;
}
