// A client of @azure/data-tables, as far as the adapters use one, over a table in memory.

import type {
  GetTableEntityOptions,
  ListTableEntitiesOptions,
  TableClient,
  TransactionAction,
} from '@azure/data-tables';
import { TABLE_NAMES, type TableName, type Tables } from '../../../shared/adapters/table-storage/tables.ts';
import { type Entity, MemoryTable, type Operation, type StoredRow, type UpdateMode } from './memory-table.ts';
import { INSTANT, type Signal, type Wire } from './wire.ts';

interface OperationOptions {
  readonly abortSignal?: Signal | undefined;
}
type WithEtag = OperationOptions & { readonly etag?: string };
type ResultPage = Record<string, unknown>[] & { continuationToken?: string };

export class MemoryTableClient {
  readonly tableName: string;
  readonly #table: MemoryTable;
  readonly #wire: Wire;
  readonly #refuses: (filter: string | undefined) => boolean;

  /** @param refuses whether a list with this filter is a fault of its caller */
  constructor(tableName: string, table: MemoryTable, wire: Wire, refuses: (filter: string | undefined) => boolean) {
    this.tableName = tableName;
    this.#table = table;
    this.#wire = wire;
    this.#refuses = refuses;
  }

  createTable(options: OperationOptions = {}): Promise<void> {
    return this.#call('createTable', () => undefined, options);
  }

  getEntity(partitionKey: string, rowKey: string, options: GetTableEntityOptions = {}) {
    return this.#call(
      'getEntity',
      () => resultOf(this.#table.get(partitionKey, rowKey), options.queryOptions?.select),
      options,
    );
  }

  createEntity(entity: Entity, options: OperationOptions = {}) {
    return this.#write({ kind: 'create', entity: { ...entity } }, options);
  }

  upsertEntity(entity: Entity, mode: UpdateMode = 'Merge', options: OperationOptions = {}) {
    return this.#write({ kind: 'upsert', entity: { ...entity }, mode }, options);
  }

  updateEntity(entity: Entity, mode: UpdateMode = 'Merge', { etag = '*', ...options }: WithEtag = {}) {
    return this.#write({ kind: 'update', entity: { ...entity }, mode, etag }, options);
  }

  deleteEntity(partitionKey: string, rowKey: string, { etag = '*', ...options }: WithEtag = {}) {
    return this.#write({ kind: 'delete', entity: { partitionKey, rowKey }, etag }, options);
  }

  async submitTransaction(actions: TransactionAction[], options: OperationOptions = {}) {
    const operations = actions.map(operationOf);
    const [first] = operations;
    if (operations.some(({ entity }) => entity.partitionKey !== first?.entity.partitionKey)) {
      throw new Error('All operations in a transaction must target the same partitionKey');
    }
    const etags = await this.#call('submitTransaction', () => this.#table.transact(operations), options);
    const subResponses = etags.map((etag, index) => ({
      status: 204,
      rowKey: operations[index]?.entity.rowKey,
      ...(etag !== undefined && { etag }),
    }));
    const getResponseForEntity = (rowKey: string) => subResponses.find((one) => one.rowKey === rowKey);
    return { status: 202, subResponses, getResponseForEntity };
  }

  listEntities(options: ListTableEntitiesOptions = {}) {
    const byPage = (settings: { maxPageSize?: number; continuationToken?: string } = {}) =>
      this.#pages(options, settings.maxPageSize, settings.continuationToken);
    async function* all(): AsyncGenerator<Record<string, unknown>, void> {
      for await (const page of byPage()) yield* page;
    }
    const rows = all();
    return { next: () => rows.next(), [Symbol.asyncIterator]: () => rows, byPage };
  }

  async *#pages(
    options: ListTableEntitiesOptions,
    most: number | undefined,
    from: string | undefined,
  ): AsyncGenerator<ResultPage, void> {
    const { filter, select } = options.queryOptions ?? {};
    if (this.#refuses(filter)) throw new Error(`A list of ${this.tableName} names no partition: ${filter}`);
    let continuationToken = from;
    do {
      const token = continuationToken;
      const list = () => this.#table.list(filter, most, token);
      const { rows, next } = await this.#call('listEntities', list, options);
      continuationToken = next;
      const page: ResultPage = rows.map((row) => resultOf(row, select));
      if (next !== undefined) page.continuationToken = next;
      yield page;
    } while (continuationToken !== undefined);
  }

  async #write(operation: Operation, options: OperationOptions): Promise<{ etag?: string }> {
    const etag = await this.#call(`${operation.kind}Entity`, () => this.#table.apply(operation), options);
    return etag === undefined ? {} : { etag };
  }

  #call<T>(what: string, effect: () => T, { abortSignal }: OperationOptions): Promise<T> {
    return this.#wire.call(`${this.tableName}.${what}`, effect, abortSignal);
  }
}

/** Every table of the product. */
export class MemoryStorage {
  readonly #tables: ReadonlyMap<TableName, MemoryTable>;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#tables = new Map(TABLE_NAMES.map((name) => [name, new MemoryTable(now)]));
  }

  /** What an operator put into force last, as it stands in its row. */
  policyState(): { readonly activations?: readonly { readonly version: string }[] } {
    const [row] = this.#tables.get('policies')?.list("PartitionKey eq 'policy' and RowKey eq 'state'").rows ?? [];
    return row === undefined ? {} : JSON.parse(String(row['state']));
  }

  /** What operators have overridden, as it stands in its rows. */
  overrides(): { id: string; mac?: string; device?: string; block?: boolean; role?: string; endsAt: number }[] {
    const rows = this.#tables.get('policies')?.list("PartitionKey eq 'overrides'").rows ?? [];
    return rows.map((row) => {
      const { id, target, effect, until, endedAt = until } = JSON.parse(String(row['override']));
      const about = 'mac' in target ? { mac: target.mac } : { device: target.device.id };
      const does = effect.kind === 'block' ? { block: true } : { role: effect.role };
      return { id, ...about, ...does, endsAt: Date.parse(endedAt < until ? endedAt : until) };
    });
  }

  /** Every row of a table, to look into a failure. */
  dump(name: TableName): readonly StoredRow[] {
    return this.#tables.get(name)?.list(undefined).rows ?? [];
  }

  /**
   * Clients of one process. The adapters see the SDK's own type, of which they use no more than is here. A list that
   * names no partition is refused, unless it is a test's own, which no time passes for: on Azure it would read the
   * whole table.
   */
  open(wire: Wire): Tables {
    const refuses = wire === INSTANT ? () => false : (filter?: string) => !namesItsPartition(filter);
    const clients = [...this.#tables].map(([name, table]) => [name, new MemoryTableClient(name, table, wire, refuses)]);
    return Object.fromEntries(clients) as unknown as Tables;
  }
}

/** @returns a client by the SDK's type */
export function memoryTableClient(tableName: string, table: MemoryTable, wire: Wire): TableClient {
  return new MemoryTableClient(tableName, table, wire, () => false) as unknown as TableClient;
}

/** Whatever else it asks, a filter begins with the one partition that it is about. */
export function namesItsPartition(filter: string | undefined): boolean {
  return (
    filter !== undefined &&
    /^\(?PartitionKey eq '(?:[^']|'')*'(?: and |\)|$)/.test(filter) &&
    !/ or PartitionKey/.test(filter)
  );
}

function operationOf([kind, entity, ...more]: TransactionAction): Operation {
  const copy = { ...entity } as Entity;
  // What the SDK deletes in a transaction it deletes whatever the etag is.
  if (kind === 'delete') return { kind, entity: copy, etag: '*' };
  if (kind === 'create') return { kind, entity: copy };
  const [mode = 'Merge', options] = more as [UpdateMode?, WithEtag?];
  return kind === 'upsert'
    ? { kind, entity: copy, mode }
    : { kind: 'update', entity: copy, mode, etag: options?.etag ?? '*' };
}

/** Bytes are given as a copy; what is selected and not there is left out. */
function resultOf(row: StoredRow, select: readonly string[] | undefined): Record<string, unknown> {
  if (select === undefined) return { ...row };
  const result: Record<string, unknown> = { etag: row.etag };
  for (const name of select) {
    const property = name === 'PartitionKey' ? 'partitionKey' : name === 'RowKey' ? 'rowKey' : name;
    if (row[property] !== undefined) result[property] = row[property];
  }
  return result;
}
