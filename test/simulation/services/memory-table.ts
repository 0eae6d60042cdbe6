// A table of the Table service: rows in the order of their keys, each with an etag, and transactions that happen as a
// whole. Limits: https://learn.microsoft.com/azure/storage/tables/scalability-targets

import { RestError } from '@azure/data-tables';
import { type Filter, parseFilter, type Row } from './odata-filter.ts';

export type Entity = { partitionKey: string; rowKey: string } & Record<string, unknown>;
export type UpdateMode = 'Merge' | 'Replace';

export type Operation =
  | { readonly kind: 'create'; readonly entity: Entity }
  | { readonly kind: 'upsert'; readonly entity: Entity; readonly mode: UpdateMode }
  | { readonly kind: 'update'; readonly entity: Entity; readonly mode: UpdateMode; readonly etag: string }
  | { readonly kind: 'delete'; readonly entity: Pick<Entity, 'partitionKey' | 'rowKey'>; readonly etag: string };

export interface Page {
  readonly rows: readonly StoredRow[];
  /** Keys that the next page begins at. */
  readonly next?: string;
}

export interface StoredRow extends Row {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly etag: string;
  readonly timestamp: string;
}

const MOST_OPERATIONS = 100;
const LARGEST_TRANSACTION = 4 * 1024 * 1024;
const MOST_PROPERTIES = 252;
const LARGEST_PROPERTY = 64 * 1024;
const LARGEST_ENTITY = 1024 * 1024;
const LONGEST_KEY = 1024;
const LARGEST_PAGE = 1_000;

interface Partition {
  /** Sorted. */
  readonly keys: string[];
  readonly rows: Map<string, StoredRow>;
}

export class MemoryTable {
  readonly #now: () => number;
  readonly #partitions = new Map<string, Partition>();
  #sortedPartitions: string[] | undefined;
  #writes = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws RestError 404 ResourceNotFound */
  get(partitionKey: string, rowKey: string): StoredRow {
    return this.#find(partitionKey, rowKey) ?? refuse(404, 'ResourceNotFound');
  }

  /** @returns the etag from now on; none for what is deleted. @throws RestError 404, 409, 412, 400 */
  apply(operation: Operation): string | undefined {
    this.#check(operation);
    return this.#write(operation);
  }

  /** @returns an etag for each. @throws RestError for the first one that cannot be; then nothing has happened */
  transact(operations: readonly Operation[]): (string | undefined)[] {
    if (operations.length === 0 || operations.length > MOST_OPERATIONS) refuse(400, 'InvalidInput');
    const keys = new Set(operations.map(({ entity }) => entity.rowKey));
    if (keys.size < operations.length) refuse(400, 'InvalidDuplicateRow');
    if (operations.reduce((sum, { entity }) => sum + sizeOf(entity), 0) > LARGEST_TRANSACTION) {
      refuse(413, 'RequestBodyTooLarge');
    }
    // Rows differ, so none of them changes what is true of another.
    for (const operation of operations) this.#check(operation);
    return operations.map((operation) => this.#write(operation));
  }

  /**
   * @param after where the page before said that it goes on
   * @throws RestError 400 InvalidInput for a filter that cannot be read
   */
  list(filterText: string | undefined, most: number = LARGEST_PAGE, after?: string): Page {
    const filter = readFilter(filterText);
    const limit = Math.min(most, LARGEST_PAGE);
    const rows: StoredRow[] = [];
    const [beginPartition, beginRow] = after === undefined ? [] : (JSON.parse(after) as [string, string]);
    for (const partition of this.#partitionsOf(filter.partition)) {
      if (beginPartition !== undefined && partition < beginPartition) continue;
      const { keys, rows: stored } = this.#partitions.get(partition) as Partition;
      const lowest = partition === beginPartition && beginRow !== undefined ? beginRow : '';
      const from = filter.from !== undefined && filter.from > lowest ? filter.from : lowest;
      for (let index = positionOf(keys, from); index < keys.length; index++) {
        const key = keys[index] as string;
        if (filter.to !== undefined && key > filter.to) break;
        const row = stored.get(key) as StoredRow;
        if (!filter.matches(row)) continue;
        if (rows.length === limit) return { rows, next: JSON.stringify([partition, key]) };
        rows.push(row);
      }
    }
    return { rows };
  }

  #partitionsOf(only: string | undefined): readonly string[] {
    if (only !== undefined) return this.#partitions.has(only) ? [only] : [];
    this.#sortedPartitions ??= [...this.#partitions.keys()].sort(byUnits);
    return this.#sortedPartitions;
  }

  #find(partitionKey: string, rowKey: string): StoredRow | undefined {
    return this.#partitions.get(partitionKey)?.rows.get(rowKey);
  }

  #check(operation: Operation): void {
    const { kind, entity } = operation;
    checkKey(entity.partitionKey);
    checkKey(entity.rowKey);
    if (kind !== 'delete') checkProperties(operation.entity);
    const known = this.#find(entity.partitionKey, entity.rowKey);
    if (kind === 'create' && known !== undefined) refuse(409, 'EntityAlreadyExists');
    if (kind !== 'update' && kind !== 'delete') return;
    if (known === undefined) refuse(404, 'ResourceNotFound');
    if (operation.etag !== '*' && operation.etag !== known.etag) refuse(412, 'UpdateConditionNotSatisfied');
  }

  #write(operation: Operation): string | undefined {
    const { partitionKey, rowKey } = operation.entity;
    const known = this.#find(partitionKey, rowKey);
    if (operation.kind === 'delete') {
      this.#remove(partitionKey, rowKey);
      return undefined;
    }
    const merged = operation.kind !== 'create' && operation.mode === 'Merge';
    const timestamp = new Date(this.#now()).toISOString();
    this.#writes += 1;
    const etag = `W/"datetime'${encodeURIComponent(timestamp)}-${this.#writes}'"`;
    const row: StoredRow = { ...(merged && known), ...given(operation.entity), partitionKey, rowKey, etag, timestamp };
    if (merged && sizeOf(row) > LARGEST_ENTITY) refuse(400, 'EntityTooLarge');
    const partition = this.#partition(partitionKey);
    if (known === undefined) partition.keys.splice(positionOf(partition.keys, rowKey), 0, rowKey);
    partition.rows.set(rowKey, row);
    return etag;
  }

  #partition(name: string): Partition {
    const known = this.#partitions.get(name);
    if (known !== undefined) return known;
    const partition: Partition = { keys: [], rows: new Map() };
    this.#partitions.set(name, partition);
    this.#sortedPartitions = undefined;
    return partition;
  }

  #remove(partitionKey: string, rowKey: string): void {
    const partition = this.#partition(partitionKey);
    partition.rows.delete(rowKey);
    partition.keys.splice(positionOf(partition.keys, rowKey), 1);
    if (partition.keys.length > 0) return;
    this.#partitions.delete(partitionKey);
    this.#sortedPartitions = undefined;
  }
}

/** An error as the SDK makes it of an answer of the service. */
export function restError(statusCode: number, code: string): RestError {
  const error = new RestError(`${code}: the service refused.`, { statusCode, code });
  // The SDK leaves the service's code here; of a transaction it has `code` alone, which is the same.
  error.details = { odataError: { code } };
  return error;
}

function refuse(statusCode: number, code: string): never {
  throw restError(statusCode, code);
}

/** Filters are few and come again and again; those with a time in them are not kept for long. */
const MOST_FILTERS = 500;
const filters = new Map<string, Filter>();

function readFilter(text = ''): Filter {
  const known = filters.get(text);
  if (known !== undefined) return known;
  const filter = parsedFilter(text);
  if (filters.size >= MOST_FILTERS) filters.clear();
  filters.set(text, filter);
  return filter;
}

function parsedFilter(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return refuse(400, 'InvalidInput');
    throw thrown;
  }
}

/** Properties without a value are left out; bytes are copied, since their owner may go on writing into them. */
function given(entity: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entity)) {
    if (value === undefined || value === null || name === 'etag' || name === 'timestamp') continue;
    properties[name] = value instanceof Uint8Array ? Uint8Array.from(value) : value;
  }
  return properties;
}

function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw new Error('a key is no text');
  if (key.length > LONGEST_KEY) refuse(400, 'KeyValueTooLarge');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may not hold them
  if (/[/\\#?\u0000-\u001f\u007f-\u009f]/.test(key)) refuse(400, 'OutOfRangeInput');
}

function checkProperties(entity: Entity): void {
  let count = 0;
  for (const [name, value] of Object.entries(entity)) {
    if (name === 'partitionKey' || name === 'rowKey' || value === undefined || value === null) continue;
    count += 1;
    if (typeof value === 'object' && !(value instanceof Uint8Array) && !(value instanceof Date)) {
      throw new Error(`Unknown EDM type object: ${name}`);
    }
    if (sizeOfValue(value) > LARGEST_PROPERTY) refuse(400, 'PropertyValueTooLarge');
  }
  if (count > MOST_PROPERTIES) refuse(400, 'TooManyProperties');
  if (sizeOf(entity) > LARGEST_ENTITY) refuse(400, 'EntityTooLarge');
}

function sizeOf(entity: Readonly<Record<string, unknown>>): number {
  let size = 4;
  for (const name in entity) size += 8 + 2 * name.length + sizeOfValue(entity[name]);
  return size;
}

/** Texts are kept as UTF-16. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length;
  return value instanceof Uint8Array ? value.length : 8;
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of the first key that is not before this one. */
function positionOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
