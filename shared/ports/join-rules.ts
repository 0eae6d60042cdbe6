// What of the sources there are decides which records are one device, and whose verdict counts.

import type { PrecedenceOf } from '../domain/device/joined-records.ts';

export interface JoinRules {
  /** All that are configured: records of any other do not count. */
  readonly sources: readonly string[];
  readonly precedenceOf: PrecedenceOf;
}
