// Where the lookup gets the overrides in force.

import type { Override } from '../domain/policy/override.ts';
import type { CallOptions } from './call-options.ts';

/** The overrides that answers are made by. */
export interface OverrideSource {
  /** @throws StoreError while none were ever read: without them a block would be passed over */
  current(options?: Pick<CallOptions, 'fresh'>): Promise<KnownOverrides>;
}

export interface KnownOverrides {
  /** Those in force, those about to be, and those that ended a moment ago. */
  readonly overrides: readonly Override[];
  /** False when the store did not give the list in time: what is known is older than it may be. */
  readonly isRecent: boolean;
}
