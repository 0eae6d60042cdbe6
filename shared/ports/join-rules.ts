// What of the sources there are decides which records are one device, and whose verdict counts.

import type { PrecedenceOf } from '../domain/device/joined-records.ts';

export interface JoinRules {
  /** All that are configured: records of any other do not count. */
  readonly sources: readonly string[];
  readonly precedenceOf: PrecedenceOf;
  /** Whether a source has its Entra ids from the directory: what the directory says of groups goes with these alone. */
  hasEntraIds(source: string): boolean;
}
