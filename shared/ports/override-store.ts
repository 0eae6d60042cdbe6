// Where overrides are kept: a list with an upper end, in one partition.

import type { Override } from '../domain/policy/override.ts';
import type { CallOptions } from './call-options.ts';

export interface StoredOverride {
  readonly override: Override;
  /** The key of its row: which of the places it has. */
  readonly place: string;
  readonly etag: string;
}

export interface OverrideStore {
  /** All of them, in one request. Rows that hold none are logged once and passed over. */
  list(options?: CallOptions): Promise<StoredOverride[]>;
  /**
   * @param place number from 0 below {@link MOST_OVERRIDES}
   * @returns false when the place is taken
   */
  create(place: number, override: Override, options?: CallOptions): Promise<boolean>;
  /** @returns false when another writer was first, or it is gone */
  replace(stored: StoredOverride, override: Override, options?: CallOptions): Promise<boolean>;
  /** @returns false when another writer was first, or it is gone */
  remove(stored: StoredOverride): Promise<boolean>;
}
