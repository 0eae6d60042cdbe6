// How fresh what is stored is.

import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

export interface SweepStatus {
  /** When the source's newest complete run started; every device it saw was as its record says then. */
  lastCompleteStartedAt(source: string, options?: CallOptions): Promise<Instant | undefined>;
}

/** Of all sources together. */
export interface FleetStatus {
  /**
   * When the newest complete run of any source started: a sweep, or a round through devices that have authenticated.
   */
  newestRunStartedAt(options?: CallOptions): Promise<Instant | undefined>;
}
