// Entries of sixteen bytes, kept in memory as they are stored, and found by their hash. A hundred thousand objects
// instead would be looked at by every collection of garbage, and a sweep makes much of that.
//
//   bytes 0-7 hash | 8-12 fingerprint | 13 misses | 14-15 run

export const ENTRY_BYTES = 16;
/** Of the slots, so many are taken at most: then hardly ever does more than one have to be looked at. */
const FULLEST = 0.5;
const FEWEST_SLOTS = 64;

/** Number of an entry; the same as long as the entries live. */
export type Entry = number;

export class PackedEntries {
  #bytes: Uint8Array;
  /** Reads and writes numbers in {@link #bytes}. */
  #numbers: DataView;
  /** Entries ever added, removed ones included. */
  #count = 0;
  #size = 0;
  /** Entry + 1 at the place its hash points to, or behind it; 0 where none is. */
  #slots: Int32Array;

  /** @param room entries that may be added before bytes have to be moved */
  constructor(room = 0) {
    this.#bytes = new Uint8Array(Math.max(room, 1) * ENTRY_BYTES);
    this.#numbers = viewOf(this.#bytes);
    this.#slots = new Int32Array(slotsFor(room));
  }

  /** @param firstDigit of the hash of each of them; what begins otherwise is damaged */
  static unpack(packed: Uint8Array, firstDigit: string): PackedEntries {
    const whole = Math.floor(packed.length / ENTRY_BYTES);
    const entries = new PackedEntries(whole);
    const given = viewOf(packed);
    const digit = Number.parseInt(firstDigit, 16);
    for (let at = 0; at < whole * ENTRY_BYTES; at += ENTRY_BYTES) {
      const high = given.getUint32(at);
      const low = given.getUint32(at + 4);
      if (high >>> 28 !== digit || isRemoved(high, low)) continue;
      const entry = entries.#find(high, low) ?? entries.#add(high, low);
      entries.#numbers.setUint32(entry * ENTRY_BYTES + 8, given.getUint32(at + 8));
      entries.#numbers.setUint32(entry * ENTRY_BYTES + 12, given.getUint32(at + 12));
    }
    return entries;
  }

  get size(): number {
    return this.#size;
  }

  /** @param hash sixteen hexadecimal digits */
  find(hash: string): Entry | undefined {
    return this.#find(Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8), 16));
  }

  /** @param hash of no entry that is there */
  add(hash: string): Entry {
    return this.#add(Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8), 16));
  }

  remove(entry: Entry): void {
    this.#numbers.setUint32(entry * ENTRY_BYTES, 0);
    this.#numbers.setUint32(entry * ENTRY_BYTES + 4, 0);
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let entry = 0; entry < this.#count; entry++) {
      if (!isRemoved(this.#high(entry), this.#low(entry))) yield entry;
    }
  }

  hash(entry: Entry): string {
    return hex(this.#high(entry)) + hex(this.#low(entry));
  }

  /** Forty bits. */
  fingerprint(entry: Entry): number {
    const at = entry * ENTRY_BYTES + 8;
    return this.#numbers.getUint32(at) * 256 + this.#numbers.getUint8(at + 4);
  }

  setFingerprint(entry: Entry, fingerprint: number): void {
    const at = entry * ENTRY_BYTES + 8;
    this.#numbers.setUint32(at, Math.floor(fingerprint / 256));
    this.#numbers.setUint8(at + 4, fingerprint % 256);
  }

  /** From 0 to 255. */
  missed(entry: Entry): number {
    return this.#numbers.getUint8(entry * ENTRY_BYTES + 13);
  }

  setMissed(entry: Entry, missed: number): void {
    this.#numbers.setUint8(entry * ENTRY_BYTES + 13, Math.min(missed, 255));
  }

  /** From 0 to 65,535. */
  run(entry: Entry): number {
    return this.#numbers.getUint16(entry * ENTRY_BYTES + 14);
  }

  setRun(entry: Entry, run: number): void {
    this.#numbers.setUint16(entry * ENTRY_BYTES + 14, run);
  }

  /** The entries one after the other, without those that were removed. */
  pack(): Uint8Array {
    const packed = new Uint8Array(this.#size * ENTRY_BYTES);
    let at = 0;
    for (const entry of this) {
      packed.set(this.#bytes.subarray(entry * ENTRY_BYTES, (entry + 1) * ENTRY_BYTES), at);
      at += ENTRY_BYTES;
    }
    return packed;
  }

  #high(entry: Entry): number {
    return this.#numbers.getUint32(entry * ENTRY_BYTES);
  }

  #low(entry: Entry): number {
    return this.#numbers.getUint32(entry * ENTRY_BYTES + 4);
  }

  #find(high: number, low: number): Entry | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) return undefined;
      if (this.#low(entry) === low && this.#high(entry) === high) return entry;
    }
  }

  #add(high: number, low: number): Entry {
    const entry = this.#count;
    const at = entry * ENTRY_BYTES;
    if (at + ENTRY_BYTES > this.#bytes.length) this.#grow();
    this.#numbers.setUint32(at, high);
    this.#numbers.setUint32(at + 4, low);
    this.#count += 1;
    this.#size += 1;
    if (this.#count > this.#slots.length * FULLEST) this.#spread();
    else this.#place(entry);
    return entry;
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#numbers = viewOf(bytes);
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (const entry of this) this.#place(entry);
  }

  #place(entry: Entry): void {
    const mask = this.#slots.length - 1;
    let slot = this.#low(entry) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }
}

/** What a removed entry leaves behind: no device has this hash. */
function isRemoved(high: number, low: number): boolean {
  return high === 0 && low === 0;
}

/** A power of two, so that a hash is cut to a slot by its last bits. */
function slotsFor(entries: number): number {
  return Math.max(FEWEST_SLOTS, 2 ** Math.ceil(Math.log2(Math.max(entries, 1) / FULLEST)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}
