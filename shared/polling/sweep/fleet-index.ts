// Sixteen bytes per device that say "maybe changed" without reading its row, and which devices a run has not seen.
//
// The index is a hint: a fingerprint is recorded only after the device and all its pointers are stored. So what a crash
// left half done looks changed to the next run, which then reads the row, and the row decides.
//
// What is compared is the record as the source lists it: nearly all of them need not even be read into devices.

import { type DeviceKey, deviceHash, SHARDS } from '../../domain/device/device.ts';
import { LARGEST_FLEET_SHARD_BYTES, type SweepStore } from '../../ports/sweep-store.ts';
import { ENTRY_BYTES, type Entry, PackedEntries } from './packed-entries.ts';

/**
 * Every so many runs all rows are read again: a difference between index and rows (a row deleted by hand, a restored
 * backup) heals by itself.
 */
const CHECK_ALL_EVERY = 12;
const NO_FINGERPRINT = 0;
/** Names the layout; anything else is read as an empty index, which the next run fills again. */
const HEADER = Uint8Array.from([0x4e, 0x41, 0x43, 0x01]);
const RUNS = 65_536;

interface Shard {
  /**
   * A fingerprint, the complete runs in a row that did not list the device, and the last run, modulo 65,536, that
   * judged the entry: saw the device, or missed it.
   */
  readonly entries: PackedEntries;
  /** What was stored cannot be read, or not all of it. */
  readonly isNew: boolean;
  /** Of the stored shard: where another instance has saved since, the save fails, and the sweep is lost. */
  etag: string | undefined;
  /** Fingerprints or misses differ from what is stored. */
  changed: boolean;
  /** Marks of the run under way differ from what is stored; they matter only if the run goes on elsewhere. */
  marked: boolean;
}

export class FleetIndex {
  readonly #shards: Map<string, Shard>;
  readonly #run: number;
  readonly #trustsNothing: boolean;

  private constructor(shards: Map<string, Shard>, runNumber: number) {
    this.#shards = shards;
    this.#run = runNumber % RUNS;
    this.#trustsNothing = runNumber % CHECK_ALL_EVERY === 0;
  }

  /** @param runNumber number of the run that is going to use the index */
  static async load(store: SweepStore, runNumber: number): Promise<FleetIndex> {
    const loaded = await Promise.all(
      SHARDS.map(async (name): Promise<[string, Shard]> => {
        const { packed, etag } = await store.readFleetShard(name);
        return [
          name,
          { entries: unpack(name, packed), etag, isNew: !isWhole(packed), changed: !isIndex(packed), marked: false },
        ];
      }),
    );
    return new FleetIndex(new Map(loaded), runNumber);
  }

  /** Devices known, those missed lately included. */
  get size(): number {
    return [...this.#shards.values()].reduce((sum, { entries }) => sum + entries.size, 0);
  }

  /** How much of its room the fullest shard takes, from 0 to 1. */
  get fullness(): number {
    const fullest = Math.max(...[...this.#shards.values()].map(({ entries }) => entries.size));
    return (HEADER.length + fullest * ENTRY_BYTES) / LARGEST_FLEET_SHARD_BYTES;
  }

  /** Every twelfth run: it looks for differences between index and rows. */
  get trustsNothing(): boolean {
    return this.#trustsNothing;
  }

  /** Some shard was not there, or written in another layout: records that it knew are not missed by it. */
  get hasLost(): boolean {
    return [...this.#shards.values()].some(({ isNew }) => isNew);
  }

  /** Names of shards that are stored, but not as this product stores them. */
  get foreignShards(): readonly string[] {
    return [...this.#shards].flatMap(([name, { isNew, etag }]) => (isNew && etag !== undefined ? [name] : []));
  }

  /** A row of the device was seen or written before. */
  knows(key: DeviceKey): boolean {
    const { shard, hash } = this.#place(key);
    return shard.entries.find(hash) !== undefined;
  }

  /**
   * The run has met the device.
   * @param fingerprint of the record that lists it
   * @returns false when it may differ from its row, or has none; and in every twelfth run, which trusts no fingerprint
   */
  meet(key: DeviceKey, fingerprint: number): boolean {
    const { shard, hash } = this.#place(key);
    const entry = shard.entries.find(hash);
    if (entry === undefined) return false;
    this.#mark(shard, entry);
    const known = shard.entries.fingerprint(entry);
    return !this.#trustsNothing && known !== NO_FINGERPRINT && known === fingerprint;
  }

  /** The run has met the device, with or without saving its content. */
  markSeen(key: DeviceKey): void {
    const { shard, hash } = this.#place(key);
    const entry = shard.entries.find(hash);
    if (entry !== undefined) this.#mark(shard, entry);
  }

  #mark(shard: Shard, entry: Entry): void {
    const { entries } = shard;
    if (entries.missed(entry) > 0) {
      entries.setMissed(entry, 0);
      shard.changed = true;
    }
    if (entries.run(entry) !== this.#run) {
      entries.setRun(entry, this.#run);
      shard.marked = true;
    }
  }

  /**
   * The device and its pointers are stored.
   * @param fingerprint of the listed record they come from; without one the next sighting looks at the row
   */
  record(key: DeviceKey, fingerprint = NO_FINGERPRINT): void {
    const { shard, hash } = this.#place(key);
    const { entries } = shard;
    const before = entries.find(hash);
    const entry = before ?? entries.add(hash);
    this.#mark(shard, entry);
    shard.marked = true;
    if (before !== undefined && entries.fingerprint(entry) === fingerprint) return;
    entries.setFingerprint(entry, fingerprint);
    shard.changed = true;
  }

  /**
   * Ends a complete run: counts a miss for every device it did not see. Repeating it for the same run counts no more.
   * @param names of the shards; all, if left out
   * @returns how many devices are missing now
   */
  countMisses(names: Iterable<string> = this.#shards.keys()): number {
    let missing = 0;
    for (const name of names) {
      const shard = this.#shards.get(name);
      if (shard === undefined) continue;
      const { entries } = shard;
      for (const entry of entries) {
        if (entries.run(entry) !== this.#run) {
          entries.setMissed(entry, entries.missed(entry) + 1);
          entries.setRun(entry, this.#run);
          shard.changed = true;
        }
        if (entries.missed(entry) > 0) missing += 1;
      }
    }
    return missing;
  }

  /** Complete lists in a row without the device, as far as they were counted; 0 of one that the index does not know. */
  timesMissed(key: DeviceKey): number {
    const { shard, hash } = this.#place(key);
    const entry = shard.entries.find(hash);
    return entry === undefined ? 0 : shard.entries.missed(entry);
  }

  /**
   * What is missing, and has no record: it left by another way, or the index comes from another store. Nothing would
   * ever end its being missed, and it would count as part of the fleet.
   * @param known those of the shard that have one, by hash @returns how many were forgotten
   */
  forgetMissingBut(name: string, known: PackedEntries): number {
    const shard = this.#shards.get(name);
    let forgotten = 0;
    for (const entry of shard?.entries ?? []) {
      if (shard === undefined || shard.entries.missed(entry) === 0) continue;
      if (known.find(shard.entries.hash(entry)) !== undefined) continue;
      shard.entries.remove(entry);
      shard.changed = true;
      forgotten += 1;
    }
    return forgotten;
  }

  /** The list proved short: it makes no device missing, and neither do earlier counts. */
  forgiveMisses(): void {
    for (const shard of this.#shards.values()) {
      for (const entry of shard.entries) {
        if (shard.entries.missed(entry) === 0) continue;
        shard.entries.setMissed(entry, 0);
        shard.changed = true;
      }
    }
  }

  /** Has the next sighting of the device read its row, even if the fingerprint is unchanged. */
  doubt(key: DeviceKey): void {
    const { shard, hash } = this.#place(key);
    const entry = shard.entries.find(hash);
    if (entry === undefined || shard.entries.fingerprint(entry) === NO_FINGERPRINT) return;
    shard.entries.setFingerprint(entry, NO_FINGERPRINT);
    shard.changed = true;
  }

  /**
   * There is a record of the device, and no run has met it yet: it is missed like any other, and looked at when it is
   * listed. @returns false when the index knows it already
   */
  expect(key: DeviceKey): boolean {
    const { shard, hash } = this.#place(key);
    const { entries } = shard;
    if (entries.find(hash) !== undefined) return false;
    entries.setRun(entries.add(hash), (this.#run + RUNS - 1) % RUNS);
    shard.changed = true;
    return true;
  }

  forget(key: DeviceKey): void {
    const { shard, hash } = this.#place(key);
    const entry = shard.entries.find(hash);
    if (entry === undefined) return;
    shard.entries.remove(entry);
    shard.changed = true;
  }

  /** Whether saving would write anything. */
  needsSaving(keepMarks: boolean): boolean {
    return [...this.#shards.values()].some(({ changed, marked }) => changed || (keepMarks && marked));
  }

  /**
   * @param keepMarks whether the run goes on from what is stored now; a finished run needs no marks, so an unchanged
   * fleet costs no write at all
   * @throws StoreError NAC_POLL_LEASE_LOST when another owner has saved since it was loaded
   */
  async save(store: SweepStore, keepMarks: boolean): Promise<void> {
    for (const [name, shard] of this.#shards) {
      if (!shard.changed && !(keepMarks && shard.marked)) continue;
      // Before the write: what the next page marks while it is under way is not in it.
      shard.changed = false;
      shard.marked = false;
      shard.etag = await store.writeFleetShard(name, Buffer.concat([HEADER, shard.entries.pack()]), shard.etag);
    }
  }

  #place(key: DeviceKey): { readonly shard: Shard; readonly hash: string } {
    const hash = deviceHash(key);
    const shard = this.#shards.get(hash.charAt(0));
    if (shard === undefined) throw new TypeError(`not a device hash: ${hash}`);
    return { shard, hash };
  }
}

function isIndex(packed: Uint8Array): boolean {
  return HEADER.every((byte, at) => packed[at] === byte);
}

function isWhole(packed: Uint8Array): boolean {
  return isIndex(packed) && (packed.length - HEADER.length) % ENTRY_BYTES === 0;
}

function unpack(shard: string, packed: Uint8Array): PackedEntries {
  return isIndex(packed) ? PackedEntries.unpack(packed.subarray(HEADER.length), shard) : new PackedEntries();
}
