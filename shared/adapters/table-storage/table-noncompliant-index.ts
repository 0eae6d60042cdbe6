// Which devices may count as not compliant, in Table Storage: in the devices' own partitions, so that one transaction
// writes a record and its entry.

import type { TableClient } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { type DeviceKey, isDeviceId } from '../../domain/device/device.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { NoncompliantEntry, NoncompliantIndex } from '../../ports/noncompliant-index.ts';
import { NONCOMPLIANT_PREFIX, noncompliantFilter, noncompliantRow } from './row-keys.ts';
import { isConflict, isNotFound, storePages, toStoreError } from './store-errors.ts';
import { type Unit, writeUnits } from './transactions.ts';

/** Limit of the Table service per answer. */
const LARGEST_PAGE = 1_000;
const REMOVE_CONCURRENCY = 16;

export class TableNoncompliantIndex implements NoncompliantIndex {
  readonly #table: TableClient;

  /** @param table of the devices */
  constructor(table: TableClient) {
    this.#table = table;
  }

  async listNoncompliant(
    shard: string,
    from: string,
    most: number,
    { signal }: CallOptions = {},
  ): Promise<{ entries: NoncompliantEntry[]; more: boolean }> {
    const filter = noncompliantFilter(shard, from);
    const options = { queryOptions: { filter, select: ['RowKey'] }, ...(signal && { abortSignal: signal }) };
    const pages = this.#table.listEntities(options).byPage({ maxPageSize: Math.min(most, LARGEST_PAGE) });
    // The service may answer a page without rows where it had to stop before it found any.
    for await (const page of storePages('listing devices that are not compliant', pages)) {
      const entries = page.flatMap(({ rowKey, etag }) => entryOf(String(rowKey), etag) ?? []);
      const { continuationToken } = page as { continuationToken?: string };
      if (entries.length > 0) return { entries, more: continuationToken !== undefined };
    }
    return { entries: [], more: false };
  }

  async add(keys: readonly DeviceKey[]): Promise<void> {
    const units = keys.map((key): Unit<DeviceKey> => {
      const row = noncompliantRow(key);
      return { of: key, partition: row.partitionKey, actions: [['upsert', row, 'Replace']] };
    });
    await writeUnits(this.#table, units);
  }

  /** One by one: in a transaction the SDK ignores the etag of a deletion. */
  async remove(entries: readonly NoncompliantEntry[]): Promise<void> {
    await concurrently(entries, REMOVE_CONCURRENCY, async (entry) => {
      const { partitionKey, rowKey } = noncompliantRow(entry);
      try {
        await this.#table.deleteEntity(partitionKey, rowKey, { etag: entry.etag });
      } catch (thrown) {
        if (!isNotFound(thrown) && !isConflict(thrown)) throw toStoreError('removing a row', thrown);
      }
    });
  }
}

/** Nothing of a row that something else wrote. */
function entryOf(rowKey: string, etag: string): NoncompliantEntry | undefined {
  const [, hash = '', source = '', id = ''] = /^n\|([0-9a-f]{16})\|([a-z0-9-]+)\|(.+)$/.exec(rowKey) ?? [];
  return rowKey.startsWith(NONCOMPLIANT_PREFIX) && isDeviceId(id) ? { hash, source, id, etag } : undefined;
}
