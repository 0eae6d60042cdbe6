// The sweep's checkpoint, lease, run records and packed fingerprints in Table Storage.

import type { TableClient, TableEntity } from '@azure/data-tables';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SweepRunRecord, SweepState, SweepStore } from '../../ports/sweep-store.ts';
import { createOrReplace } from './create-or-replace.ts';
import { fleetRow, prefixFilter, runRow, SWEEP_STATE_ROW } from './row-keys.ts';
import { isConflict, isNotFound, storeCall, toStoreError } from './store-errors.ts';

/** Largest binary column of the Table service, in bytes. */
const LARGEST_COLUMN = 65_536;

const NEVER_SWEPT: SweepState = { runNumber: 0 };

export class TableSweepStore implements SweepStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async read({ signal }: CallOptions = {}): Promise<{ state: SweepState; etag?: string }> {
    const { partitionKey, rowKey } = SWEEP_STATE_ROW;
    try {
      const options = signal ? { abortSignal: signal } : {};
      const { state, etag } = await this.#table.getEntity<{ state: string }>(partitionKey, rowKey, options);
      return { state: JSON.parse(state), etag };
    } catch (thrown) {
      if (isNotFound(thrown)) return { state: NEVER_SWEPT };
      throw toStoreError('reading the state of the sweep', thrown);
    }
  }

  async write(state: SweepState, etag: string | undefined): Promise<string> {
    return this.#replace({ ...SWEEP_STATE_ROW, state: JSON.stringify(state) }, etag);
  }

  async recordRun(record: SweepRunRecord): Promise<void> {
    const entity = { ...runRow(record.startedAt, record.id), ...record };
    await storeCall('recording a run', this.#table.upsertEntity(entity, 'Replace'));
  }

  async listRuns(limit: number): Promise<SweepRunRecord[]> {
    const runs: SweepRunRecord[] = [];
    const rows = this.#table.listEntities<Record<string, unknown>>({
      queryOptions: { filter: prefixFilter(SWEEP_STATE_ROW.partitionKey, 'run|') },
    });
    for await (const row of rows) {
      if (runs.length === limit) break;
      const { partitionKey, rowKey, etag, timestamp, ...columns } = row;
      runs.push(columns as unknown as SweepRunRecord);
    }
    return runs;
  }

  async readFleetShard(shard: string): Promise<{ packed: Uint8Array; etag?: string | undefined }> {
    const { partitionKey, rowKey } = fleetRow(shard);
    try {
      const row = await this.#table.getEntity<Record<string, unknown>>(partitionKey, rowKey);
      const columns = Array.from({ length: Number(row['columns'] ?? 0) }, (_, index) => row[`packed${index}`]);
      const packed = Buffer.concat(columns.map((column) => (column instanceof Uint8Array ? column : Buffer.alloc(0))));
      return { packed, etag: row.etag };
    } catch (thrown) {
      if (isNotFound(thrown)) return { packed: new Uint8Array() };
      throw toStoreError('reading the fleet index', thrown);
    }
  }

  async writeFleetShard(shard: string, packed: Uint8Array, etag: string | undefined): Promise<string> {
    const columns: Record<string, Uint8Array> = {};
    for (let start = 0, index = 0; start < packed.length; start += LARGEST_COLUMN, index++) {
      columns[`packed${index}`] = packed.subarray(start, start + LARGEST_COLUMN);
    }
    return this.#replace({ ...fleetRow(shard), columns: Object.keys(columns).length, ...columns }, etag);
  }

  async #replace<T extends object>(entity: TableEntity<T>, etag: string | undefined): Promise<string> {
    try {
      return await createOrReplace(this.#table, entity, etag);
    } catch (thrown) {
      if (!isConflict(thrown)) throw toStoreError('writing the state of the sweep', thrown);
      throw new StoreError('NAC_POLL_LEASE_LOST', 'Another instance has taken over the sweep.', {
        action: 'Nothing to do: the other instance goes on from the last checkpoint.',
        cause: thrown,
      });
    }
  }
}
