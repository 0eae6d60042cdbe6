// Devices and their changes in Table Storage.

import type { TableClient, TableEntityResult, TableEntityResultPage } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { type DeviceKey, deviceKeyText, parseDeviceKeyText, SHARDS } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { mayBeNoncompliant } from '../../domain/device/record-standing.ts';
import { directionTo } from '../../domain/device/turn-direction.ts';
import type { Instant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type {
  DeviceMark,
  DeviceStore,
  DeviceWrite,
  DeviceWriteResult,
  ListedKey,
  StoredDevice,
} from '../../ports/device-store.ts';
import type { Logger, Tracing } from '../../ports/telemetry.ts';
import { fromDeviceEntity, INDEXED_COLUMNS, toDeviceEntity } from './device-entity.ts';
import { ForeignRows, parseObject } from './foreign-rows.ts';
import { mergedPages } from './merged-pages.ts';
import {
  CHANGE_PREFIX,
  changeRow,
  DEVICE_PREFIX,
  deviceRow,
  MARK_PREFIX,
  markRow,
  noncompliantRow,
  OPEN_PREFIX,
  prefixFilter,
  type RowKey,
  shardPartition,
} from './row-keys.ts';
import { readRow, unlessOvertaken } from './rows.ts';
import { isConflict, isNotFound, storeCall, storePages, toStoreError } from './store-errors.ts';
import { type Unit, WRITE_CONCURRENCY, writeUnits } from './transactions.ts';

const READ_CONCURRENCY = 16;
/** Limit of the Table service per answer. */
const LARGEST_PAGE = 1_000;

type OpenRow = TableEntityResult<Record<string, unknown>>;

export class TableDeviceStore implements DeviceStore {
  readonly #table: TableClient;
  readonly #foreign: ForeignRows;
  readonly #tracing: Pick<Tracing, 'traceparent'> | undefined;
  readonly #source: string | undefined;

  /**
   * @param log of rows that something else wrote
   * @param tracing whose trace changes are written with
   * @param source whose devices lists, changes and marks are of; those of all sources, if left out
   */
  constructor(
    table: TableClient,
    log?: Pick<Logger, 'error'>,
    tracing?: Pick<Tracing, 'traceparent'>,
    source?: string,
  ) {
    this.#table = table;
    this.#tracing = tracing;
    this.#source = source;
    this.#foreign = new ForeignRows(log);
  }

  async read(key: DeviceKey, { signal }: CallOptions = {}): Promise<StoredDevice | undefined> {
    const row = await readRow<Record<string, unknown>>('reading a device', this.#table, deviceRow(key), { signal });
    return row && fromDeviceEntity(row);
  }

  async isEmpty(): Promise<boolean> {
    const found = await Promise.all(
      SHARDS.map(async (shard) => {
        const filter = prefixFilter(shardPartition(shard), this.#ofSource(DEVICE_PREFIX));
        const rows = this.#table.listEntities({ queryOptions: { filter, select: ['RowKey'] } });
        for await (const page of storePages('looking for devices', rows.byPage({ maxPageSize: 1 }))) {
          if (page.length > 0) return true;
        }
        return false;
      }),
    );
    return !found.includes(true);
  }

  async readMany(keys: readonly DeviceKey[]): Promise<Map<string, StoredDevice>> {
    const found = new Map<string, StoredDevice>();
    await concurrently(keys, READ_CONCURRENCY, async (key) => {
      const stored = await this.#readUndamaged(key);
      if (stored) found.set(deviceKeyText(key), stored);
    });
    return found;
  }

  /** A damaged row counts as absent here: creating it again fails, and that device alone stays behind. */
  async #readUndamaged(key: DeviceKey): Promise<StoredDevice | undefined> {
    try {
      return await this.read(key);
    } catch (thrown) {
      if (thrown instanceof StoreError && thrown.code === 'NAC_STORE_ROW') return undefined;
      throw thrown;
    }
  }

  async write(writes: readonly DeviceWrite[]): Promise<DeviceWriteResult> {
    const trace = this.#tracing?.traceparent();
    return writeUnits(
      this.#table,
      writes.map((write) => toUnit(write, trace)),
    );
  }

  /** One by one: in a transaction the SDK ignores the etag of a deletion. */
  async remove(
    devices: readonly { readonly key: DeviceKey; readonly etag: string }[],
  ): Promise<{ removed: number; overtaken: DeviceKey[] }> {
    const overtaken: DeviceKey[] = [];
    let removed = 0;
    await concurrently(devices, READ_CONCURRENCY, async ({ key, etag }) => {
      const { partitionKey, rowKey } = deviceRow(key);
      try {
        await this.#table.deleteEntity(partitionKey, rowKey, { etag });
        removed += 1;
      } catch (thrown) {
        if (!isNotFound(thrown) && !isConflict(thrown)) throw toStoreError('removing a device', thrown);
        if (isConflict(thrown)) overtaken.push(key);
      }
    });
    return { removed, overtaken };
  }

  async markIndexed(devices: readonly { readonly key: DeviceKey; readonly etag: string }[]): Promise<void> {
    const units = devices.map(({ key, etag }) => {
      const entity = { ...deviceRow(key), ...INDEXED_COLUMNS };
      return {
        of: key,
        partition: entity.partitionKey,
        actions: [['update', entity, 'Merge', { etag }]],
      } as Unit<DeviceKey>;
    });
    // A row that was overtaken has new content, and the writer of that puts its pointers in place.
    await writeUnits(this.#table, units);
  }

  async noteReauthentication(key: DeviceKey, at: Instant): Promise<void> {
    const entity = { ...deviceRow(key), reauthenticationAskedAt: at };
    try {
      await this.#table.updateEntity(entity, 'Merge');
    } catch (thrown) {
      // Not stored yet, or its row was removed: nothing to note, and no reason to stop for.
      if (!isNotFound(thrown)) throw toStoreError('noting a reauthentication', thrown);
    }
  }

  async *listKeys(shard: string): AsyncIterable<ListedKey> {
    const filter = prefixFilter(shardPartition(shard), this.#ofSource(DEVICE_PREFIX));
    for await (const { rowKey, presence } of this.#list(filter, ['RowKey', 'presence'])) {
      const key = parseDeviceKeyText(String(rowKey).slice(DEVICE_PREFIX.length));
      yield { ...key, presence: presence === 'gone' ? 'gone' : 'present' };
    }
  }

  async listRecords(
    shard: string,
    after: DeviceKey | undefined,
  ): Promise<{ records: readonly StoredDevice[]; more: boolean }> {
    const partition = shardPartition(shard);
    const behind = after ? ` and (PartitionKey eq '${partition}' and RowKey gt '${deviceRow(after).rowKey}')` : '';
    const filter = prefixFilter(partition, this.#ofSource(DEVICE_PREFIX)) + behind;
    const pages = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter } });
    const { value } = await storeCall('listing devices', pages.byPage({ maxPageSize: LARGEST_PAGE }).next());
    const page: TableEntityResultPage<Record<string, unknown>> = value ?? [];
    return {
      records: [...page].flatMap((row) => undamaged(row) ?? []),
      more: page.continuationToken !== undefined,
    };
  }

  async listGone(shard: string, before: Instant, { signal }: CallOptions = {}): Promise<StoredDevice[]> {
    const devices = prefixFilter(shardPartition(shard), this.#ofSource(DEVICE_PREFIX));
    const queryOptions = { filter: `${devices} and presence eq 'gone' and observedAt lt '${before}'` };
    const options = { queryOptions, ...(signal && { abortSignal: signal }) };
    const pages = this.#table.listEntities<Record<string, unknown>>(options).byPage({ maxPageSize: LARGEST_PAGE });
    // The service may answer a page without rows where it had to stop before it found any.
    for await (const page of storePages('listing devices', pages)) {
      const gone = [...page].flatMap((row) => undamaged(row) ?? []);
      if (gone.length > 0) return gone;
    }
    return [];
  }

  async *pendingChanges(): AsyncIterable<DeviceChange> {
    for await (const row of this.#listEverywhere(this.#ofSource(CHANGE_PREFIX))) yield* this.#known(row, toChange);
  }

  async removeChanges(changes: readonly DeviceChange[]): Promise<void> {
    const rows = changes.map((change) => changeRow(change, change.version));
    const units = rows.map(
      (row): Unit<RowKey> => ({ of: row, partition: row.partitionKey, actions: [['delete', row]] }),
    );
    try {
      await writeUnits(this.#table, units);
    } catch (thrown) {
      // Another process removed one of them already: then take the others one by one.
      if (!(thrown instanceof Error && isNotFound(thrown.cause))) throw thrown;
      await concurrently(rows, WRITE_CONCURRENCY, (row) => this.#remove(row, '*'));
    }
  }

  async *marks(): AsyncIterable<DeviceMark> {
    for await (const row of this.#listEverywhere(this.#ofSource(MARK_PREFIX))) yield* this.#known(row, toMark);
  }

  async *openRows(): AsyncIterable<{ readonly change: DeviceChange } | { readonly mark: DeviceMark }> {
    // One query of each shard is cheaper than two that leave out other sources.
    for await (const row of this.#listEverywhere(OPEN_PREFIX)) {
      if (row.rowKey?.startsWith(CHANGE_PREFIX)) {
        for (const change of this.#known(row, toChange)) if (this.#isOfSource(change)) yield { change };
      }
      if (row.rowKey?.startsWith(MARK_PREFIX)) {
        for (const mark of this.#known(row, toMark)) if (this.#isOfSource(mark)) yield { mark };
      }
    }
  }

  async listMarks(shard: string, after: string | undefined): Promise<{ marks: readonly DeviceMark[]; next?: string }> {
    const partition = shardPartition(shard);
    const behind = after === undefined ? '' : ` and RowKey gt '${MARK_PREFIX}${after.replaceAll("'", "''")}'`;
    for await (const page of this.#pages(prefixFilter(partition, this.#ofSource(MARK_PREFIX)) + behind, OPEN_COLUMNS)) {
      const last = page.at(-1);
      // The service may answer a page without rows where it had to stop before it found any.
      if (last === undefined) continue;
      const { continuationToken } = page as { continuationToken?: string };
      const marks = page.flatMap((row) => this.#known(row, toMark));
      return { marks, ...(continuationToken && { next: String(last.rowKey).slice(MARK_PREFIX.length) }) };
    }
    return { marks: [] };
  }

  #ofSource(prefix: string): string {
    return this.#source === undefined ? prefix : `${prefix}${deviceKeyText({ source: this.#source, id: '' })}`;
  }

  #isOfSource({ source }: DeviceKey): boolean {
    return this.#source === undefined || source === this.#source;
  }

  /** Nothing of a row that something else wrote. */
  #known<T>(row: OpenRow, read: (row: OpenRow) => T | undefined): T[] {
    const known = read(row);
    if (known !== undefined) return [known];
    const { partitionKey, rowKey, etag } = row;
    this.#foreign.report({ table: 'devices', partitionKey, rowKey, etag }, 'Delete the row; everything else goes on.');
    return [];
  }

  async addMarks(keys: readonly DeviceKey[]): Promise<void> {
    const units = keys.map((key): Unit<DeviceKey> => {
      const row = markRow(key);
      return { of: key, partition: row.partitionKey, actions: [['create', { ...row, held: '' }]] };
    });
    // One that is there already says at least as much.
    await writeUnits(this.#table, units);
  }

  /** One by one: in a transaction the SDK ignores the etag of a deletion. */
  async removeMarks(marks: readonly DeviceMark[]): Promise<void> {
    await concurrently(marks, READ_CONCURRENCY, (mark) => this.#remove(markRow(mark), mark.etag));
  }

  /** Leaves a row alone that another process has removed or replaced since it was read. */
  async #remove({ partitionKey, rowKey }: RowKey, etag: string): Promise<void> {
    await unlessOvertaken('removing a row', this.#table.deleteEntity(partitionKey, rowKey, { etag }));
  }

  /** The shards are asked side by side, a page of each at a time. */
  #listEverywhere(prefix: string): AsyncIterable<OpenRow> {
    return mergedPages(SHARDS.map((shard) => this.#pages(prefixFilter(shardPartition(shard), prefix), OPEN_COLUMNS)));
  }

  async *#list(filter: string, select: string[]): AsyncIterable<OpenRow> {
    for await (const page of this.#pages(filter, select)) yield* page;
  }

  async *#pages(filter: string, select: string[]): AsyncGenerator<readonly OpenRow[]> {
    const pages = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter, select } }).byPage();
    while (true) {
      const { done, value } = await storeCall('listing devices', pages.next());
      if (done) return;
      yield value;
    }
  }
}

const OPEN_COLUMNS = ['PartitionKey', 'RowKey', 'change', 'held'];

function undamaged(row: TableEntityResult<Record<string, unknown>>): StoredDevice | undefined {
  try {
    return fromDeviceEntity(row);
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_STORE_ROW') return undefined;
    throw thrown;
  }
}

function toUnit(write: DeviceWrite, trace: string | undefined): Unit<DeviceWrite> {
  const entity = toDeviceEntity(write);
  const { change, mark, record } = write;
  return {
    of: write,
    partition: entity.partitionKey,
    actions: [
      write.replaces === undefined ? ['create', entity] : ['update', entity, 'Replace', { etag: write.replaces }],
      // Upsert, not create: a record that was rewritten by a repeated run leads to the very same change again.
      ...(change
        ? ([
            [
              'upsert',
              {
                ...changeRow(change, change.version),
                change: JSON.stringify({ ...change, ...(trace !== undefined && { trace }) }),
              },
              'Replace',
            ],
          ] as const)
        : []),
      ...(mark ? ([['upsert', toMarkEntity(record, mark), 'Replace']] as const) : []),
      ...(mayBeNoncompliant(record) ? ([['upsert', noncompliantRow(record.device), 'Replace']] as const) : []),
    ] as Unit<DeviceWrite>['actions'],
  };
}

/** `flip|<run id>|<direction>` or `absence|<run id>` while something is held. */
function toMarkEntity({ device, held }: DeviceWrite['record'], mark: 'held' | 'doubt'): object {
  if (mark !== 'held' || held === undefined) return { ...markRow(device), held: '' };
  const parts = held.device ? ['flip', held.runId, directionTo(held.device.complianceState)] : ['absence', held.runId];
  return { ...markRow(device), held: parts.join('|') };
}

function toChange(row: OpenRow): DeviceChange | undefined {
  const change = parseObject(row['change']);
  const isChange =
    typeof change?.['source'] === 'string' && typeof change['id'] === 'string' && typeof change['version'] === 'number';
  return isChange ? (change as unknown as DeviceChange) : undefined;
}

function toMark({ rowKey, etag, held }: OpenRow): DeviceMark | undefined {
  const text = String(rowKey).slice(MARK_PREFIX.length);
  const key = parseDeviceKeyText(text);
  if (deviceKeyText(key) !== text || key.source === '' || key.id === '') return undefined;
  const [what, runId, to] = String(held ?? '').split('|');
  if ((what !== 'flip' && what !== 'absence') || !runId) return { ...key, etag };
  return { ...key, etag, held: { what, runId, ...((to === 'better' || to === 'worse') && { to }) } };
}
