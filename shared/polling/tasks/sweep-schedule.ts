// When a sweep is due, who may work on it, and how long to wait after a failure.

import { addMilliseconds, type Instant, millisecondsBetween } from '../../domain/instant.ts';
import type { SourceError } from '../../errors.ts';
import type { SweepState } from '../../ports/sweep-store.ts';
import { isLeased } from './lease.ts';

export type SweepDue =
  | 'start'
  | 'resume'
  /** Nothing to do until the polling interval is over. */
  | 'idle'
  /** Another instance works on it, or died less than a lease ago. */
  | 'leased'
  /** The source asked us to wait, or the last attempts failed. */
  | 'waiting';

export function sweepDue(state: SweepState, now: Instant, pollingIntervalMs: number): SweepDue {
  if (isLeased(state, now)) return 'leased';
  if (state.run !== undefined) return state.run.retryAt !== undefined && state.run.retryAt > now ? 'waiting' : 'resume';
  if (state.lastStartedAt === undefined) return 'start';
  const intervalMs = pollingIntervalMs * (state.stretch ?? 1);
  return millisecondsBetween(state.lastStartedAt, now) >= intervalMs ? 'start' : 'idle';
}

/** However much the source throttles: knowledge must not grow older than this many polling intervals. */
const LARGEST_INTERVAL_FACTOR = 4;

/** A 429, or a refusal that says how long to wait: Graph gives 503 a Retry-After when it is too much for it. */
export function asksToSlowDown({ code, retryAfterMs }: Pick<SourceError, 'code' | 'retryAfterMs'>): boolean {
  return code === 'NAC_SOURCE_THROTTLED' || retryAfterMs !== undefined;
}

/**
 * The interval adapts: twice as long after a run that was asked to slow down, back by half after one that was not.
 * @param throttled answers of the run that asked to slow down; a single one says little
 */
export function nextIntervalFactor(stretch: number, throttled: number): number {
  return throttled > 1 ? Math.min(stretch * 2, LARGEST_INTERVAL_FACTOR) : Math.max(stretch / 2, 1);
}

/** A run that keeps failing is given up after a polling interval, and at the earliest after this long. */
const GIVE_UP_AFTER_MS = 30 * 60_000;

export function hasExceededRetryWindow(startedAt: Instant, now: Instant, pollingIntervalMs: number): boolean {
  return millisecondsBetween(startedAt, now) >= Math.max(pollingIntervalMs, GIVE_UP_AFTER_MS);
}

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;

/**
 * What the source asked for, or exponential backoff where it asked for nothing; spread by a fifth, so that several apps
 * of one tenant do not come back together.
 * @param failures attempts that failed in a row, this one included
 * @param fraction random number from 0 to 1
 */
export function retryAfterFailure(
  now: Instant,
  failures: number,
  askedToWaitMs: number | undefined,
  fraction: number,
): Instant {
  const wait = askedToWaitMs || Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return addMilliseconds(now, Math.ceil(wait * (1 + fraction / 5)));
}
