// Overrides in Table Storage: rows with numbers for keys in one partition of the table of policies, so that a list is
// one request and the table itself refuses one too many.

import type { TableClient } from '@azure/data-tables';
import { MOST_OVERRIDES, type Override } from '../../domain/policy/override.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { OverrideStore, StoredOverride } from '../../ports/override-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ForeignRows } from './foreign-rows.ts';
import { readOverride } from './override-row.ts';
import { OVERRIDES_PARTITION, overrideRow } from './row-keys.ts';
import { unlessOvertaken } from './rows.ts';
import { storePages } from './store-errors.ts';

const CONSEQUENCE = 'It counts as no override: look what writes there, and make the override again.';

export class TableOverrideStore implements OverrideStore {
  readonly #table: TableClient;
  readonly #foreign: ForeignRows;

  constructor(table: TableClient, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#foreign = new ForeignRows(log);
  }

  async list({ signal }: CallOptions = {}): Promise<StoredOverride[]> {
    const filter = `PartitionKey eq '${OVERRIDES_PARTITION}'`;
    const pages = this.#table
      .listEntities<{ override: unknown }>({ queryOptions: { filter }, ...(signal && { abortSignal: signal }) })
      .byPage({ maxPageSize: 1000 });
    const found: StoredOverride[] = [];
    for await (const page of storePages('listing overrides', pages)) {
      for (const { partitionKey, rowKey = '', etag = '', override: text } of page) {
        const override = readOverride(text);
        if (override !== undefined) found.push({ override, place: rowKey, etag });
        else this.#foreign.report({ table: 'policies', partitionKey, rowKey, etag }, CONSEQUENCE);
      }
      // What something else wrote beside the places must not make each list longer.
      if (found.length >= MOST_OVERRIDES) break;
    }
    return found;
  }

  async create(place: number, override: Override, { signal }: CallOptions = {}): Promise<boolean> {
    const row = { ...overrideRow(place), override: JSON.stringify(override) };
    return unlessOvertaken('storing an override', this.#table.createEntity(row, signal && { abortSignal: signal }));
  }

  async replace({ place, etag }: StoredOverride, override: Override, { signal }: CallOptions = {}): Promise<boolean> {
    const row = { partitionKey: OVERRIDES_PARTITION, rowKey: place, override: JSON.stringify(override) };
    const options = { etag, ...(signal && { abortSignal: signal }) };
    return unlessOvertaken('changing an override', this.#table.updateEntity(row, 'Replace', options));
  }

  async remove({ place, etag }: StoredOverride): Promise<boolean> {
    return unlessOvertaken('removing an override', this.#table.deleteEntity(OVERRIDES_PARTITION, place, { etag }));
  }
}
