// What the lookup needs to know about sweeps.

import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

/** How fresh the stored fleet is. */
export interface SweepStatus {
  /** When the newest complete run started; every device it saw was as its record says then. */
  lastCompleteStartedAt(options?: CallOptions): Promise<Instant | undefined>;
}
