// Sixteen bytes per device that say "maybe changed" without reading its row, and which devices a run has not seen.
//
// The index is a hint: a fingerprint is recorded only after the device and all its pointers are stored, so whatever a
// crash left half done looks changed to the next run, which then reads the row, and the row decides.

import { type Device, type DeviceKey, deviceFingerprint, deviceHash, SHARDS } from '../domain/device.ts';
import type { SweepStore } from '../ports.ts';

/** After this many complete runs in a row without the device it counts as gone: one list may simply be short. */
export const MISSES_UNTIL_GONE = 2;

const ENTRY_BYTES = 16;
/**
 * Every so many runs all rows are read again: whatever came between index and rows (a row deleted by hand, a restored
 * backup) heals by itself.
 */
const DISTRUST_EVERY = 12;
const NO_FINGERPRINT = '0000000000';
/** Names the layout; anything else is read as an empty index, which the next run fills again. */
const HEADER = Uint8Array.from([0x4e, 0x41, 0x43, 0x01]);
const RUNS = 65_536;

interface Entry {
  fingerprint: string;
  /** Complete runs in a row that did not list the device. */
  missed: number;
  /** The last run, modulo 65,536, that judged the entry: saw the device, or missed it. */
  run: number;
}

interface Shard {
  readonly entries: Map<string, Entry>;
  /** Of what is stored: whoever saves over somebody else's index has lost the sweep. */
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
    this.#trustsNothing = runNumber % DISTRUST_EVERY === 0;
  }

  /** @param runNumber number of the run that is going to use the index */
  static async load(store: SweepStore, runNumber: number): Promise<FleetIndex> {
    const loaded = await Promise.all(
      SHARDS.map(async (name): Promise<[string, Shard]> => {
        const { packed, etag } = await store.readFleetShard(name);
        return [name, { entries: unpack(name, packed), etag, changed: false, marked: false }];
      }),
    );
    return new FleetIndex(new Map(loaded), runNumber);
  }

  /** Devices known, those missed lately included. */
  get size(): number {
    return [...this.#shards.values()].reduce((sum, { entries }) => sum + entries.size, 0);
  }

  /** A row of the device was seen or written before. */
  knows(key: DeviceKey): boolean {
    return this.#entry(deviceHash(key)) !== undefined;
  }

  /** False when the device may differ from its row, or has none; and in every twelfth run, which trusts no fingerprint. */
  isUnchanged(device: Device): boolean {
    if (this.#trustsNothing) return false;
    return this.#entry(deviceHash(device))?.fingerprint === deviceFingerprint(device);
  }

  /** {@link markSeen} and {@link isUnchanged} in one. */
  meet(device: Device): boolean {
    const hash = deviceHash(device);
    const entry = this.#entry(hash);
    if (entry === undefined) return false;
    this.#mark(hash, entry);
    return !this.#trustsNothing && entry.fingerprint === deviceFingerprint(device);
  }

  /** The run has met the device, whatever became of its content. */
  markSeen(key: DeviceKey): void {
    const hash = deviceHash(key);
    const entry = this.#entry(hash);
    if (entry !== undefined) this.#mark(hash, entry);
  }

  #mark(hash: string, entry: Entry): void {
    const shard = this.#shard(hash);
    shard.changed ||= entry.missed > 0;
    shard.marked ||= entry.run !== this.#run;
    entry.missed = 0;
    entry.run = this.#run;
  }

  /** The device and its pointers are stored. */
  record(device: Device): void {
    const hash = deviceHash(device);
    const shard = this.#shard(hash);
    const before = shard.entries.get(hash);
    const fingerprint = deviceFingerprint(device);
    shard.entries.set(hash, { fingerprint, missed: 0, run: this.#run });
    shard.marked = true;
    shard.changed ||= before?.fingerprint !== fingerprint || before.missed > 0;
  }

  /**
   * Ends a complete run: counts a miss for every device it did not see. Repeating it for the same run counts no more.
   * @returns how often each device that is missing now was missed, by its hash, per shard
   */
  countMisses(): Map<string, Map<string, number>> {
    const missing = new Map<string, Map<string, number>>();
    for (const [name, shard] of this.#shards) {
      for (const [hash, entry] of shard.entries) {
        if (entry.run !== this.#run) {
          entry.missed += 1;
          entry.run = this.#run;
          shard.changed = true;
        }
        if (entry.missed > 0) missing.set(name, (missing.get(name) ?? new Map()).set(hash, entry.missed));
      }
    }
    return missing;
  }

  /** The list proved short: nothing is missing because of it, nor by what was counted before. */
  forgiveMisses(): void {
    for (const shard of this.#shards.values()) {
      for (const entry of shard.entries.values()) {
        if (entry.missed === 0) continue;
        entry.missed = 0;
        shard.changed = true;
      }
    }
  }

  /** Has the next sighting of the device read its row, whatever the fingerprint says. */
  doubt(key: DeviceKey): void {
    const hash = deviceHash(key);
    const entry = this.#entry(hash);
    if (entry === undefined || entry.fingerprint === NO_FINGERPRINT) return;
    entry.fingerprint = NO_FINGERPRINT;
    this.#shard(hash).changed = true;
  }

  forget(key: DeviceKey): void {
    const hash = deviceHash(key);
    const shard = this.#shard(hash);
    shard.changed = shard.entries.delete(hash) || shard.changed;
  }

  /** Whether saving would write anything. */
  needsSaving(keepMarks: boolean): boolean {
    return [...this.#shards.values()].some(({ changed, marked }) => changed || (keepMarks && marked));
  }

  /**
   * @param keepMarks whether the run goes on from what is stored now; a finished run needs no marks, so an unchanged
   * fleet costs no write at all
   * @throws StoreError NAC_POLL_LEASE_LOST when somebody else has saved since it was loaded
   */
  async save(store: SweepStore, keepMarks: boolean): Promise<void> {
    for (const [name, shard] of this.#shards) {
      if (!shard.changed && !(keepMarks && shard.marked)) continue;
      shard.etag = await store.writeFleetShard(name, pack(shard.entries), shard.etag);
      shard.changed = false;
      shard.marked = false;
    }
  }

  #entry(hash: string): Entry | undefined {
    return this.#shard(hash).entries.get(hash);
  }

  #shard(hash: string): Shard {
    const shard = this.#shards.get(hash.charAt(0));
    if (shard === undefined) throw new TypeError(`not a device hash: ${hash}`);
    return shard;
  }
}

function pack(entries: ReadonlyMap<string, Entry>): Uint8Array {
  const bytes = Buffer.alloc(HEADER.length + entries.size * ENTRY_BYTES);
  bytes.set(HEADER);
  let at = HEADER.length;
  for (const [hash, { fingerprint, missed, run }] of entries) {
    bytes.write(hash, at, 'hex');
    bytes.write(fingerprint, at + 8, 'hex');
    bytes.writeUInt8(Math.min(missed, 255), at + 13);
    bytes.writeUInt16BE(run, at + 14);
    at += ENTRY_BYTES;
  }
  return bytes;
}

function unpack(shard: string, packed: Uint8Array): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const bytes = Buffer.from(packed);
  if (!bytes.subarray(0, HEADER.length).equals(HEADER)) return entries;
  for (let at = HEADER.length; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const hash = bytes.toString('hex', at, at + 8);
    // No device of this shard has such a hash: the bytes are damaged.
    if (!hash.startsWith(shard)) continue;
    entries.set(hash, {
      fingerprint: bytes.toString('hex', at + 8, at + 13),
      missed: bytes.readUInt8(at + 13),
      run: bytes.readUInt16BE(at + 14),
    });
  }
  return entries;
}
