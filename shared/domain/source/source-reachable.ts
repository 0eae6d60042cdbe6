// Whether a source counts as reachable: by the beginning of its newest complete sweep.

import { type Instant, millisecondsBetween } from '../instant.ts';

/**
 * @param withinMs how old the beginning of the newest complete sweep may be; `undefined` where there are no sweeps,
 *   negative for a source that is defined no more
 * @param sweptAt when that sweep began
 * @returns `undefined` where the source has no sweeps, or has completed none yet
 */
export function isSourceReachable(
  withinMs: number | undefined,
  sweptAt: Instant | undefined,
  at: Instant,
): boolean | undefined {
  if (withinMs !== undefined && withinMs < 0) return false;
  return withinMs === undefined || sweptAt === undefined ? undefined : millisecondsBetween(sweptAt, at) <= withinMs;
}
