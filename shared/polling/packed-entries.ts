// Entries of sixteen bytes, kept in memory as they are stored, and found by their hash. A hundred thousand objects instead
// would be looked at by every collection of garbage, and a sweep makes much of that.
//
//   bytes 0-7 hash | 8-12 fingerprint | 13 misses | 14-15 run

const ENTRY_BYTES = 16;
/** Of the slots, so many are taken at most: then hardly ever does more than one have to be looked at. */
const FULLEST = 0.5;
const FEWEST_SLOTS = 64;
/** What a removed entry leaves behind: no device has this hash. */
const REMOVED = '0'.repeat(16);

/** Number of an entry; the same as long as the entries live. */
export type Entry = number;

export class PackedEntries {
  #bytes: Buffer;
  /** Entries ever added, removed ones included. */
  #count = 0;
  #size = 0;
  /** Entry + 1 at the place its hash points to, or behind it; 0 where none is. */
  #slots = new Int32Array(FEWEST_SLOTS);

  /** @param room entries that may be added before bytes have to be moved */
  constructor(room = 0) {
    this.#bytes = Buffer.alloc(Math.max(room, 1) * ENTRY_BYTES);
  }

  /** @param firstDigit of the hash of each of them; what begins otherwise is damaged */
  static unpack(packed: Uint8Array, firstDigit: string): PackedEntries {
    const given = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    const whole = Math.floor(given.length / ENTRY_BYTES);
    const entries = new PackedEntries(whole);
    const digit = Number.parseInt(firstDigit, 16);
    for (let at = 0; at < whole * ENTRY_BYTES; at += ENTRY_BYTES) {
      const high = given.readUInt32BE(at);
      const low = given.readUInt32BE(at + 4);
      if (high >>> 28 !== digit || (high === 0 && low === 0)) continue;
      const entry = entries.#find(high, low) ?? entries.#add(high, low);
      given.copy(entries.#bytes, entry * ENTRY_BYTES + 8, at + 8, at + ENTRY_BYTES);
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
    this.#bytes.write(REMOVED, entry * ENTRY_BYTES, 'hex');
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let entry = 0; entry < this.#count; entry++) {
      if (this.hash(entry) !== REMOVED) yield entry;
    }
  }

  hash(entry: Entry): string {
    return this.#bytes.toString('hex', entry * ENTRY_BYTES, entry * ENTRY_BYTES + 8);
  }

  /** Ten hexadecimal digits. */
  hasFingerprint(entry: Entry, fingerprint: string): boolean {
    const at = entry * ENTRY_BYTES + 8;
    return (
      this.#bytes.readUInt32BE(at) === Number.parseInt(fingerprint.slice(0, 8), 16) &&
      this.#bytes.readUInt8(at + 4) === Number.parseInt(fingerprint.slice(8), 16)
    );
  }

  setFingerprint(entry: Entry, fingerprint: string): void {
    this.#bytes.write(fingerprint, entry * ENTRY_BYTES + 8, 5, 'hex');
  }

  /** From 0 to 255. */
  missed(entry: Entry): number {
    return this.#bytes.readUInt8(entry * ENTRY_BYTES + 13);
  }

  setMissed(entry: Entry, missed: number): void {
    this.#bytes.writeUInt8(Math.min(missed, 255), entry * ENTRY_BYTES + 13);
  }

  /** From 0 to 65,535. */
  run(entry: Entry): number {
    return this.#bytes.readUInt16BE(entry * ENTRY_BYTES + 14);
  }

  setRun(entry: Entry, run: number): void {
    this.#bytes.writeUInt16BE(run, entry * ENTRY_BYTES + 14);
  }

  /** The entries one after the other, without those that were removed. */
  pack(): Uint8Array {
    const packed = Buffer.alloc(this.#size * ENTRY_BYTES);
    let at = 0;
    for (const entry of this) {
      this.#bytes.copy(packed, at, entry * ENTRY_BYTES, (entry + 1) * ENTRY_BYTES);
      at += ENTRY_BYTES;
    }
    return packed;
  }

  #find(high: number, low: number): Entry | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) return undefined;
      const at = entry * ENTRY_BYTES;
      if (this.#bytes.readUInt32BE(at + 4) === low && this.#bytes.readUInt32BE(at) === high) return entry;
    }
  }

  #add(high: number, low: number): Entry {
    const entry = this.#count;
    const at = entry * ENTRY_BYTES;
    if (at + ENTRY_BYTES > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    }
    this.#bytes.writeUInt32BE(high, at);
    this.#bytes.writeUInt32BE(low, at + 4);
    this.#count += 1;
    this.#size += 1;
    if (this.#count > this.#slots.length * FULLEST) this.#spread();
    else this.#place(entry);
    return entry;
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (const entry of this) this.#place(entry);
  }

  #place(entry: Entry): void {
    const mask = this.#slots.length - 1;
    let slot = this.#bytes.readUInt32BE(entry * ENTRY_BYTES + 4) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }
}
