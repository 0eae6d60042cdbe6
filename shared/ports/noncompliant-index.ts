// Which devices may count as not compliant. An entry is a hint: the device's record decides, so an entry too many does
// no harm. Every write of a record that is not compliant leaves its entry in the same transaction.

import type { DeviceKey } from '../domain/device/device.ts';
import type { CallOptions } from './call-options.ts';

export interface NoncompliantEntry extends DeviceKey {
  /** Sixteen hexadecimal digits: entries are in this order, over all shards. */
  readonly hash: string;
  readonly etag: string;
}

export interface NoncompliantIndex {
  /**
   * Entries of a shard in the order of their hashes.
   * @param shard first digit of the device hash @param from hash, or the first digits of one, to begin at
   * @param most entries, a thousand at most
   */
  listNoncompliant(
    shard: string,
    from: string,
    most: number,
    options?: CallOptions,
  ): Promise<{ readonly entries: readonly NoncompliantEntry[]; readonly more: boolean }>;
  /** Adds entries, unless they are there. */
  add(keys: readonly DeviceKey[]): Promise<void>;
  /** Takes entries away, without those that were written again since they were read. */
  remove(entries: readonly NoncompliantEntry[]): Promise<void>;
}
