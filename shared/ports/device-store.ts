// Where device records are kept, their changes and what marks them.

import type { DeviceKey, DeviceRecord, Presence } from '../domain/device/device.ts';
import type { DeviceChange } from '../domain/device/device-change.ts';
import type { TurnDirection } from '../domain/device/turn-direction.ts';
import type { Pointer } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

export interface StoredDevice extends DeviceRecord {
  /** Identities that earlier content held and whose pointers are not taken away yet. */
  readonly retiredIdentities: readonly Pointer[];
  /** Changes with every write; a write that names an old one is refused. */
  readonly etag: string;
}

export interface DeviceWrite {
  readonly record: DeviceRecord;
  readonly retiredIdentities: readonly Pointer[];
  /** Written in the same transaction as the record. */
  readonly change?: DeviceChange;
  /** Written in the same transaction: has every sweep look at the record. Absent leaves the mark that is there. */
  readonly mark?: 'held' | 'doubt';
  /** What the record replaces; absent when it must be new. */
  readonly replaces?: string;
}

export interface DeviceWriteResult {
  readonly written: readonly { readonly of: DeviceWrite; readonly etag: string }[];
  /** Writes that came too late: the record has changed since it was read. Nothing of them is stored. */
  readonly overtaken: readonly DeviceWrite[];
}

export interface DeviceStore {
  read(key: DeviceKey, options?: CallOptions): Promise<StoredDevice | undefined>;
  readMany(keys: readonly DeviceKey[]): Promise<Map<string, StoredDevice>>;
  /** Writes each record with its change or not at all. */
  write(writes: readonly DeviceWrite[]): Promise<DeviceWriteResult>;
  /** Removes records, those left out that were written since their etag. @returns how many, and those left out */
  remove(
    devices: readonly { readonly key: DeviceKey; readonly etag: string }[],
  ): Promise<{ readonly removed: number; readonly overtaken: readonly DeviceKey[] }>;
  /** Says that all pointers of these records are in place, unless the content has moved on from `etag` since. */
  markIndexed(devices: readonly { readonly key: DeviceKey; readonly etag: string }[]): Promise<void>;
  /** No device is stored at all. */
  isEmpty(): Promise<boolean>;
  /**
   * Notes that an operator asks for the device's stations to authenticate again. Its version and content stay; of a
   * device that is not stored nothing is noted.
   */
  noteReauthentication(key: DeviceKey, at: Instant): Promise<void>;
  /** Keys of every device in a shard (first digit of the device hash), present or gone. */
  listKeys(shard: string): AsyncIterable<ListedKey>;
  /** Records of a shard in the order of their keys, at most a thousand, beginning behind `after`. */
  listRecords(
    shard: string,
    after: DeviceKey | undefined,
  ): Promise<{ readonly records: readonly StoredDevice[]; readonly more: boolean }>;
  /** Records of a shard whose devices were gone before a moment, at most a thousand at once. */
  listGone(shard: string, before: Instant, options?: CallOptions): Promise<readonly StoredDevice[]>;
  /** Changes not yet dispatched, per device oldest first; however many there are, a few thousand are in memory. */
  pendingChanges(): AsyncIterable<DeviceChange>;
  removeChanges(changes: readonly DeviceChange[]): Promise<void>;
  /**
   * Devices whose records must be looked at even if their fingerprint is unchanged, in no order; a few thousand are in
   * memory.
   */
  marks(): AsyncIterable<DeviceMark>;
  /** Both of them, by one query of each shard: what a sweep begins with. */
  openRows(): AsyncIterable<{ readonly change: DeviceChange } | { readonly mark: DeviceMark }>;
  /**
   * Some of a shard's marks in the order of their keys, at most a thousand.
   * @param after text of the key behind which to begin @returns `next` to go on with; absent at the end
   */
  listMarks(
    shard: string,
    after: string | undefined,
  ): Promise<{ readonly marks: readonly DeviceMark[]; readonly next?: string }>;
  /** Marks devices as doubtful, unless they are marked already. */
  addMarks(keys: readonly DeviceKey[]): Promise<void>;
  /** Takes marks away, without those that were set again since they were read. */
  removeMarks(marks: readonly DeviceMark[]): Promise<void>;
}

export interface ListedKey extends DeviceKey {
  readonly presence: Presence;
}

export interface DeviceMark extends DeviceKey {
  /** Present while the record has a held observation. */
  readonly held?: {
    readonly runId: string;
    readonly what: 'flip' | 'absence';
    /** Of a flip; absent where the version before held it. */
    readonly to?: TurnDirection;
  };
  readonly etag: string;
}
