// Devices and their changes in Table Storage.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { type DeviceKey, deviceKeyText, parseDeviceKeyText, SHARDS } from '../../domain/device.ts';
import type { DeviceChange } from '../../domain/device-change.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions, DeviceStore, DeviceWrite, DeviceWriteResult, StoredDevice } from '../../ports.ts';
import { fromDeviceEntity, INDEXED_COLUMNS, toDeviceEntity } from './device-entity.ts';
import { changeRow, devicePartition, deviceRow, prefixFilter, shardPartition } from './row-keys.ts';
import { isNotFound, storeCall, toStoreError } from './store-errors.ts';
import { type Unit, WRITE_CONCURRENCY, writeUnits } from './transactions.ts';

const READ_CONCURRENCY = 16;

export class TableDeviceStore implements DeviceStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async read(key: DeviceKey, { signal }: CallOptions = {}): Promise<StoredDevice | undefined> {
    const { partitionKey, rowKey } = deviceRow(key);
    try {
      const entity = await this.#table.getEntity<Record<string, unknown>>(
        partitionKey,
        rowKey,
        signal ? { abortSignal: signal } : {},
      );
      return fromDeviceEntity(entity);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading a device', thrown);
    }
  }

  async readMany(keys: readonly DeviceKey[]): Promise<Map<string, StoredDevice>> {
    const found = new Map<string, StoredDevice>();
    await concurrently(keys, READ_CONCURRENCY, async (key) => {
      const stored = await this.#readUndamaged(key);
      if (stored) found.set(deviceKeyText(key), stored);
    });
    return found;
  }

  /** A damaged row counts as absent here: writing it anew fails, and that device alone stays behind. */
  async #readUndamaged(key: DeviceKey): Promise<StoredDevice | undefined> {
    try {
      return await this.read(key);
    } catch (thrown) {
      if (thrown instanceof StoreError && thrown.code === 'NAC_STORE_ROW') return undefined;
      throw thrown;
    }
  }

  async write(writes: readonly DeviceWrite[]): Promise<DeviceWriteResult> {
    return writeUnits(this.#table, writes.map(toUnit));
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
    // One that was overtaken has new content, and whoever wrote that puts its pointers in place.
    await writeUnits(this.#table, units);
  }

  async *listKeys(shard: string): AsyncIterable<DeviceKey> {
    const filter = prefixFilter(shardPartition(shard), 'd|');
    for await (const { rowKey } of this.#list(filter, ['RowKey'])) {
      yield parseDeviceKeyText(String(rowKey).slice('d|'.length));
    }
  }

  async *pendingChanges(): AsyncIterable<DeviceChange> {
    for (const shard of SHARDS) {
      for await (const row of this.#list(prefixFilter(shardPartition(shard), 'c|'), ['change'])) {
        yield JSON.parse(String(row['change'])) as DeviceChange;
      }
    }
  }

  async removeChanges(changes: readonly DeviceChange[]): Promise<void> {
    const units = changes.map(
      (change): Unit<DeviceChange> => ({
        of: change,
        partition: devicePartition(change),
        actions: [['delete', changeRow(change, change.version)]],
      }),
    );
    try {
      await writeUnits(this.#table, units);
    } catch (thrown) {
      // Somebody removed one of them already: then take the others one by one.
      if (!(thrown instanceof Error && isNotFound(thrown.cause))) throw thrown;
      await concurrently(units, WRITE_CONCURRENCY, ({ of }) => this.#removeChange(of));
    }
  }

  async #removeChange(change: DeviceChange): Promise<void> {
    const { partitionKey, rowKey } = changeRow(change, change.version);
    try {
      await this.#table.deleteEntity(partitionKey, rowKey);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw toStoreError('removing a change', thrown);
    }
  }

  async *#list(filter: string, select: string[]): AsyncIterable<TableEntityResult<Record<string, unknown>>> {
    const pages = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter, select } }).byPage();
    while (true) {
      const { done, value } = await storeCall('listing devices', pages.next());
      if (done) return;
      yield* value;
    }
  }
}

function toUnit(write: DeviceWrite): Unit<DeviceWrite> {
  const entity = toDeviceEntity(write);
  const { change } = write;
  return {
    of: write,
    partition: entity.partitionKey,
    actions: [
      write.replaces === undefined ? ['create', entity] : ['update', entity, 'Replace', { etag: write.replaces }],
      // Upsert, not create: a record that was rewritten by a repeated run leads to the very same change again.
      ...(change
        ? ([['upsert', { ...changeRow(change, change.version), change: JSON.stringify(change) }, 'Replace']] as const)
        : []),
    ] as Unit<DeviceWrite>['actions'],
  };
}
