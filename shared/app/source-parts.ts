// What the set-up of every kind of source is given beside its definition.

import type { Clock } from '../ports/clock.ts';
import type { Timer } from '../ports/timer.ts';
import type { Settings } from '../settings.ts';
import type { SecretOf } from './source-secrets.ts';

export interface SourceParts {
  readonly settings: Settings;
  /** By which answers are dated. */
  readonly clock: Clock;
  /** By which servers are left alone for as long as they ask. */
  readonly timer: Timer;
  readonly secretOf: SecretOf;
}

/** A sweep may begin late, and takes its time. */
export const SWEEP_GRACE_MS = 15 * 60_000;

/** How old the beginning of the newest complete sweep may be before a source counts as unreachable. */
export function reachableFor(pollingIntervalMs: number): number {
  return 2 * pollingIntervalMs + SWEEP_GRACE_MS;
}
