// The sweep's checkpoint, lease, run records and packed fingerprints in Table Storage.

import type { TableClient, TableEntity } from '@azure/data-tables';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SweepRunRecord, SweepState, SweepStore } from '../../ports/sweep-store.ts';
import { createOrReplace } from './create-or-replace.ts';
import { FleetShardRows } from './fleet-shard-rows.ts';
import { prefixFilter, runRow, SWEEP_STATE_ROW } from './row-keys.ts';
import { isConflict, isNotFound, storeCall, storePages, toStoreError } from './store-errors.ts';

const NEVER_SWEPT: SweepState = { runNumber: 0 };

export class TableSweepStore implements SweepStore {
  readonly #table: TableClient;
  readonly #fleet: FleetShardRows;

  constructor(table: TableClient) {
    this.#table = table;
    this.#fleet = new FleetShardRows(table);
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
    for await (const row of storePages('listing runs', rows)) {
      if (runs.length === limit) break;
      const { partitionKey, rowKey, etag, timestamp, ...columns } = row;
      runs.push(columns as unknown as SweepRunRecord);
    }
    return runs;
  }

  readFleetShard(shard: string): Promise<{ packed: Uint8Array; etag?: string | undefined }> {
    return this.#fleet.read(shard);
  }

  writeFleetShard(shard: string, packed: Uint8Array, etag: string | undefined): Promise<string> {
    return orLeaseLost(this.#fleet.write(shard, packed, etag));
  }

  #replace<T extends object>(entity: TableEntity<T>, etag: string | undefined): Promise<string> {
    return orLeaseLost(createOrReplace(this.#table, entity, etag));
  }
}

async function orLeaseLost(write: Promise<string>): Promise<string> {
  try {
    return await write;
  } catch (thrown) {
    if (!isConflict(thrown)) throw toStoreError('writing the state of the sweep', thrown);
    throw new StoreError('NAC_POLL_LEASE_LOST', 'Another instance has taken over the sweep.', {
      action: 'Nothing to do: the other instance goes on from the last checkpoint.',
      cause: thrown,
    });
  }
}
