// The audit in Table Storage: one partition, newest first, since people make few changes.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { AuditEntry } from '../../domain/audit-entry.ts';
import { newestFirst } from '../../domain/coa/enforcement-job.ts';
import type { Instant } from '../../domain/instant.ts';
import { showable } from '../../domain/plain-line.ts';
import { includesSite } from '../../domain/sites.ts';
import type { AuditPage, AuditRange, AuditStore } from '../../ports/audit-store.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Random } from '../../ports/random.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ForeignRows, parseObject } from './foreign-rows.ts';
import { unlessGone } from './rows.ts';
import { sitesCondition } from './sites-condition.ts';
import { storeCall, storePages } from './store-errors.ts';

const PARTITION = 'audit';
/** Limit of the Table service per transaction. */
const LARGEST_TRANSACTION = 100;

export class TableAuditStore implements AuditStore {
  readonly #table: TableClient;
  readonly #random: Random;
  readonly #foreign: ForeignRows;

  constructor(table: TableClient, random: Random, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#foreign = new ForeignRows(log);
    this.#random = random;
  }

  async append(entry: AuditEntry): Promise<void> {
    const rowKey = `${newestFirst(entry.at)}-${this.#random.hex(6)}`;
    // The target may be any text of a request: it is written here before it is checked.
    const shown = { ...entry, target: showable(entry.target) };
    const row = { partitionKey: PARTITION, rowKey, site: entry.site ?? '', entry: JSON.stringify(shown) };
    await storeCall('writing the audit', this.#table.createEntity(row));
  }

  async list(
    { since, writtenSince, after, sites, limit }: AuditRange,
    { signal }: CallOptions = {},
  ): Promise<AuditPage> {
    const conditions = [`PartitionKey eq '${PARTITION}'`, `RowKey lt '${newestFirst(since)}.'`];
    if (writtenSince !== undefined) conditions.push(`Timestamp ge datetime'${writtenSince}'`);
    if (after !== undefined) conditions.push(`RowKey gt '${after.replaceAll("'", "''")}'`);
    conditions.push(...sitesCondition(sites, conditions.length));
    const options = { queryOptions: { filter: conditions.join(' and ') }, ...(signal && { abortSignal: signal }) };
    const rows = this.#table.listEntities<{ entry: string; rowKey: string }>(options);
    const entries: AuditEntry[] = [];
    let last = '';
    for await (const { entry, rowKey } of storePages('listing the audit', rows)) {
      if (entries.length === limit) return { entries, next: last };
      const read = parseObject(entry);
      if (read === undefined) this.#foreign.report({ table: 'audit', rowKey }, 'The entry is left out of the list.');
      else if (includesSite(sites, (read as { site?: string }).site)) entries.push(read as unknown as AuditEntry);
      last = rowKey;
    }
    return { entries };
  }

  async removeBefore(before: Instant, { signal }: CallOptions = {}): Promise<number> {
    // By both times: an entry whose maker's clock was behind is kept as long as the others.
    const old = `RowKey gt '${newestFirst(before)}.' and Timestamp lt datetime'${before}'`;
    const filter = `PartitionKey eq '${PARTITION}' and ${old}`;
    const pages = this.#table
      .listEntities({ queryOptions: { filter, select: ['PartitionKey', 'RowKey'] } })
      .byPage({ maxPageSize: LARGEST_TRANSACTION });
    let removed = 0;
    for await (const page of storePages('listing the old audit', pages)) {
      if (signal?.aborted) break;
      const actions = page.map(
        ({ partitionKey = '', rowKey = '' }): TransactionAction => ['delete', { partitionKey, rowKey }],
      );
      if (actions.length > 0) await this.#submit(actions);
      removed += actions.length;
    }
    return removed;
  }

  /** Another instance may remove the same: the next call finds what is left. */
  async #submit(actions: TransactionAction[]): Promise<void> {
    await unlessGone('removing the old audit', this.#table.submitTransaction(actions));
  }
}
