// One shard of the fleet index in Table Storage: one row if it fits, else a head and several parts.
//
//   fits      fleet  <shard>          columns, packed0 …            as it always was
//   does not  fleet  <shard>          parts: the hashes in order    the head, which alone says what the index is
//             fleet  <shard>|<hash>   columns, packed0 …            a part, named by the hash of its content
//
// Parts are written before the head that names them, and removed after the head that does not: a process that dies in
// between leaves the index before, or the one after. What has no head to name it goes with the next write.

import { createHash } from 'node:crypto';
import type { TableClient } from '@azure/data-tables';
import { StoreError } from '../../errors.ts';
import { LARGEST_FLEET_SHARD_BYTES } from '../../ports/sweep-store.ts';
import { createOrReplace } from './create-or-replace.ts';
import { fleetPartRow, fleetRow, prefixFilter, type RowKey } from './row-keys.ts';
import { readRow, unlessGone } from './rows.ts';
import { storeCall, storePages } from './store-errors.ts';

/**
 * Largest binary column of the Table service, in bytes (learn.microsoft.com, "Understanding the Table service data
 * model").
 */
const LARGEST_COLUMN = 65_536;
/**
 * A row holds a mebibyte. Bytes travel as base64, a third more, and the emulator counts them so: fifteen columns are
 * too many for it, and eleven fit however they are counted.
 */
const COLUMNS_PER_ROW = 11;
/** Earlier versions wrote up to so many. */
const MOST_COLUMNS_READ = 16;
const BYTES_PER_ROW = COLUMNS_PER_ROW * LARGEST_COLUMN;
/** Times a head is read again whose parts another instance has replaced meanwhile. */
const ATTEMPTS = 3;

type Row = Record<string, unknown>;

export class FleetShardRows {
  readonly #table: TableClient;
  readonly #source: string;
  /** Shards that had parts when they were last read or written: only of those may there be parts to remove. */
  readonly #inParts = new Set<string>();

  constructor(table: TableClient, source: string) {
    this.#table = table;
    this.#source = source;
  }

  /** @returns nothing of an index whose parts are not all there: the next run fills it again */
  async read(shard: string): Promise<{ packed: Uint8Array; etag?: string | undefined }> {
    let etag: string | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const head = await this.#row(fleetRow(this.#source, shard));
      if (head === undefined) return { packed: new Uint8Array() };
      etag = typeof head['etag'] === 'string' ? head['etag'] : undefined;
      const names = partNames(head);
      if (names.length === 0) return { packed: bytesOf(head), etag };
      this.#inParts.add(shard);
      const parts = await this.#parts(shard, names);
      if (parts !== undefined) return { packed: Buffer.concat(parts), etag };
    }
    return { packed: new Uint8Array(), etag };
  }

  /**
   * @throws what the SDK throws for the head, a conflict where another writer was first; StoreError NAC_POLL_INDEX_FULL
   */
  async write(shard: string, packed: Uint8Array, etag: string | undefined): Promise<string> {
    if (packed.length > LARGEST_FLEET_SHARD_BYTES) throw full(packed.length);
    const parts = packed.length <= BYTES_PER_ROW ? [] : cut(packed, BYTES_PER_ROW);
    const names = parts.map(nameOf);
    const head = parts.length === 0 ? columnsOf(packed) : { columns: 0, parts: names.join(',') };
    if (parts.length > 0) this.#inParts.add(shard);
    for (const [index, part] of parts.entries()) {
      const row = { ...fleetPartRow(this.#source, shard, names[index] ?? ''), ...columnsOf(part) };
      await storeCall('writing the fleet index', this.#table.upsertEntity(row, 'Replace'));
    }
    const written = await createOrReplace(this.#table, { ...fleetRow(this.#source, shard), ...head }, etag);
    if (this.#inParts.has(shard)) await this.#removePartsBut(shard, new Set(names));
    if (parts.length === 0) this.#inParts.delete(shard);
    return written;
  }

  async #parts(shard: string, names: readonly string[]): Promise<Uint8Array[] | undefined> {
    const parts: Uint8Array[] = [];
    for (const name of names) {
      const row = await this.#row(fleetPartRow(this.#source, shard, name));
      const bytes = row && bytesOf(row);
      if (bytes === undefined || nameOf(bytes) !== name) return undefined;
      parts.push(bytes);
    }
    return parts;
  }

  async #removePartsBut(shard: string, current: ReadonlySet<string>): Promise<void> {
    const { partitionKey, rowKey: prefix } = fleetPartRow(this.#source, shard, '');
    const queryOptions = { filter: prefixFilter(partitionKey, prefix), select: ['partitionKey', 'rowKey'] };
    const old: string[] = [];
    for await (const { rowKey } of storePages('reading the fleet index', this.#table.listEntities({ queryOptions }))) {
      if (rowKey !== undefined && !current.has(rowKey.slice(prefix.length))) old.push(rowKey);
    }
    for (const rowKey of old) {
      await unlessGone('writing the fleet index', this.#table.deleteEntity(partitionKey, rowKey));
    }
  }

  #row(key: RowKey): Promise<Row | undefined> {
    return readRow<Row>('reading the fleet index', this.#table, key);
  }
}

function partNames({ parts }: Row): readonly string[] {
  return typeof parts === 'string' && parts !== '' ? parts.split(',') : [];
}

function nameOf(part: Uint8Array): string {
  return createHash('sha256').update(part).digest('hex').slice(0, 16);
}

function columnsOf(bytes: Uint8Array): Row {
  const columns = cut(bytes, LARGEST_COLUMN);
  return { columns: columns.length, ...Object.fromEntries(columns.map((column, index) => [`packed${index}`, column])) };
}

/** Another program may have written the row: a column that is no binary counts as empty. */
function bytesOf(row: Row): Uint8Array {
  const count = Math.min(Number(row['columns']) || 0, MOST_COLUMNS_READ);
  const columns = Array.from({ length: count }, (_, index) => row[`packed${index}`]);
  return Buffer.concat(columns.map((column) => (column instanceof Uint8Array ? column : Buffer.alloc(0))));
}

/** Buffers: of another view of bytes the SDK would write all that is behind it. */
function cut(bytes: Uint8Array, length: number): Buffer[] {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Buffer[] = [];
  for (let start = 0; start < whole.length; start += length) pieces.push(whole.subarray(start, start + length));
  return pieces;
}

function full(bytes: number): StoreError {
  return new StoreError(
    'NAC_POLL_INDEX_FULL',
    `The fleet index would need ${bytes} bytes for a sixteenth of the fleet.`,
    {
      action: 'More devices than the index has room for: let another deployment poll part of the tenant.',
    },
  );
}
