// The checkpoint, lease, run records and packed fingerprints of one source's sweep, in Table Storage.

import type { TableClient, TableEntity } from '@azure/data-tables';
import type { Instant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SweepRunRecord, SweepState, SweepStore } from '../../ports/sweep-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { createOrReplace } from './create-or-replace.ts';
import { FleetShardRows } from './fleet-shard-rows.ts';
import { ForeignRows, parseObject } from './foreign-rows.ts';
import { FIRST_SOURCE, prefixFilter, type RowKey, runRow, runsBeforeFilter, sweepStateRow } from './row-keys.ts';
import { readRow, unlessGone } from './rows.ts';
import { isConflict, storeCall, storePages, toStoreError } from './store-errors.ts';

const NEVER_SWEPT: SweepState = { runNumber: 0 };

export class TableSweepStore implements SweepStore {
  readonly #table: TableClient;
  readonly #source: string;
  readonly #fleet: FleetShardRows;
  readonly #foreign: ForeignRows;

  /** @param log of rows that something else wrote @param source whose sweep it is */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>, source = FIRST_SOURCE) {
    this.#table = table;
    this.#source = source;
    this.#fleet = new FleetShardRows(table, source);
    this.#foreign = new ForeignRows(log);
  }

  async read({ signal }: CallOptions = {}): Promise<{ state: SweepState; etag?: string }> {
    const key = sweepStateRow(this.#source);
    const row = await readRow<{ state: string }>('reading the state of the sweep', this.#table, key, { signal });
    if (row === undefined) return { state: NEVER_SWEPT };
    const { etag } = row;
    const state = parseObject(row.state);
    if (typeof state?.['runNumber'] === 'number') return { state: state as unknown as SweepState, etag };
    const consequence = 'Nothing to do: the sweep begins again, and its next write replaces the row.';
    this.#foreign.report({ table: 'polling', ...key, etag }, consequence);
    return { state: NEVER_SWEPT, etag };
  }

  async write(state: SweepState, etag: string | undefined): Promise<string> {
    return this.#replace({ ...sweepStateRow(this.#source), state: JSON.stringify(state) }, etag);
  }

  async recordRun(record: SweepRunRecord): Promise<void> {
    const entity = { ...runRow(this.#source, record.startedAt, record.id), ...record };
    await storeCall('recording a run', this.#table.upsertEntity(entity, 'Replace'));
  }

  async listRuns(limit: number): Promise<SweepRunRecord[]> {
    const runs: SweepRunRecord[] = [];
    const rows = this.#table.listEntities<Record<string, unknown>>({
      queryOptions: { filter: prefixFilter(sweepStateRow(this.#source).partitionKey, 'run|') },
    });
    for await (const row of storePages('listing runs', rows)) {
      if (runs.length === limit) break;
      const { partitionKey, rowKey, etag, timestamp, ...columns } = row;
      runs.push(columns as unknown as SweepRunRecord);
    }
    return runs;
  }

  async removeRunsBefore(before: Instant, most: number): Promise<number> {
    const queryOptions = { filter: runsBeforeFilter(this.#source, before), select: ['partitionKey', 'rowKey'] };
    const pages = this.#table.listEntities({ queryOptions }).byPage({ maxPageSize: most });
    const { value = [] } = await storeCall('listing old runs', pages.next());
    const rows: RowKey[] = [];
    for (const { partitionKey = '', rowKey = '' } of value) rows.push({ partitionKey, rowKey });
    for (const { partitionKey, rowKey } of rows) {
      await unlessGone('removing an old run', this.#table.deleteEntity(partitionKey, rowKey));
    }
    return rows.length;
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
