// Counts that timers fold, in Table Storage: spans, figures and how far the fold is stand in one partition, so that one
// transaction writes them.

import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables';
import { addDecisionCounts } from '../../domain/decision-counts.ts';
import type { Instant } from '../../domain/instant.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { CountedSpan, CountStore, DecisionCounts, Figure, FoldState } from '../../ports/count-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ForeignRows, parseObject } from './foreign-rows.ts';
import { textColumns, textOfColumns } from './long-text.ts';
import {
  COUNTS_PARTITION,
  FOLD_ROW,
  figureRow,
  prefixFilter,
  type RowKey,
  spanRow,
  spansBeforeFilter,
  spansFilter,
} from './row-keys.ts';
import { readRow, unlessGone } from './rows.ts';
import { isConflict, isNotFound, storePages, toStoreError } from './store-errors.ts';

const LARGEST_TRANSACTION = 100;
const MOST_REMOVED = 1_000;
const MOST_LISTED = 1_000;

type Row = Readonly<Record<string, unknown>> & { readonly columns: number; readonly etag?: string };

export class TableCountStore implements CountStore {
  readonly #table: TableClient;
  readonly #foreign: ForeignRows;

  /** @param table the one of polling @param log of rows that something else wrote */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#foreign = new ForeignRows(log);
  }

  async readFold(options: CallOptions = {}): Promise<{ state?: FoldState; etag?: string }> {
    const row = await this.#read(FOLD_ROW, options);
    if (row === undefined) return {};
    const state = this.#valueOf<FoldState>(FOLD_ROW, row);
    return { ...(state && { state }), ...(row.etag !== undefined && { etag: row.etag }) };
  }

  async addCounts(
    { from, next }: { readonly from: Instant; readonly next: FoldState },
    counts: DecisionCounts,
    etag: string | undefined,
  ): Promise<boolean> {
    const keys = [spanRow('hour', from), spanRow('day', from)];
    const rows = await Promise.all(keys.map((key) => this.#read(key)));
    const actions: TransactionAction[] = [];
    for (const [index, key] of keys.entries()) {
      const row = rows[index];
      const before = row && this.#valueOf<DecisionCounts>(key, row);
      if (Object.keys(counts).length === 0) continue;
      actions.push(['upsert', entityOf(key, addDecisionCounts(before ?? {}, counts)), 'Replace']);
    }
    const fold = entityOf(FOLD_ROW, next);
    actions.push(etag === undefined ? ['create', fold] : ['update', fold, 'Replace', { etag }]);
    try {
      await this.#table.submitTransaction(actions);
      return true;
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) return false;
      throw toStoreError('counting decisions', thrown);
    }
  }

  async listSpans(
    span: 'hour' | 'day',
    range: { readonly from: Instant; readonly to: Instant },
    options: CallOptions = {},
  ): Promise<readonly CountedSpan[]> {
    const found: CountedSpan[] = [];
    for (const row of await this.#list(spansFilter(span, range), options)) {
      const counts = this.#valueOf<DecisionCounts>(keyOf(row), row);
      if (counts !== undefined) found.push({ at: atOf(row), counts });
    }
    return found;
  }

  async removeSpansBefore(before: Instant): Promise<number> {
    let removed = 0;
    for (const span of ['hour', 'day'] as const) {
      const rows = await this.#list(spansBeforeFilter(span, before), {}, ['PartitionKey', 'RowKey']);
      for (let start = 0; start < rows.length; start += LARGEST_TRANSACTION) {
        const actions = rows
          .slice(start, start + LARGEST_TRANSACTION)
          .map((row): TransactionAction => ['delete', keyOf(row)]);
        await unlessGone('removing old counts', this.#table.submitTransaction(actions));
        removed += actions.length;
      }
    }
    return removed;
  }

  async writeFigure(name: string, value: unknown): Promise<void> {
    try {
      await this.#table.upsertEntity({ ...entityOf(figureRow(name), { name, value }) }, 'Replace');
    } catch (thrown) {
      throw toStoreError('writing a figure', thrown);
    }
  }

  async readFigure<T>(name: string, options: CallOptions = {}): Promise<T | undefined> {
    const row = await this.#read(figureRow(name), options);
    return row && this.#valueOf<Figure<T>>(figureRow(name), row)?.value;
  }

  async listFigures<T>(prefix: string, options: CallOptions = {}): Promise<readonly Figure<T>[]> {
    const rows = await this.#list(prefixFilter(COUNTS_PARTITION, figureRow(prefix).rowKey), options);
    return rows.flatMap((row) => this.#valueOf<Figure<T>>(keyOf(row), row) ?? []);
  }

  async removeFigure(name: string): Promise<void> {
    const { partitionKey, rowKey } = figureRow(name);
    await unlessGone('removing a figure', this.#table.deleteEntity(partitionKey, rowKey));
  }

  #read(key: RowKey, options: CallOptions = {}): Promise<Row | undefined> {
    return readRow<Row>('reading counts', this.#table, key, options);
  }

  async #list(filter: string, { signal }: CallOptions, select?: string[]): Promise<Row[]> {
    const options = { queryOptions: { filter, ...(select && { select }) }, ...(signal && { abortSignal: signal }) };
    const rows: Row[] = [];
    for await (const row of storePages('listing counts', this.#table.listEntities<Row>(options))) {
      rows.push(row as Row);
      if (rows.length === Math.max(MOST_LISTED, MOST_REMOVED)) break;
    }
    return rows;
  }

  /** A row that something else wrote counts nothing, and the next write replaces it. */
  #valueOf<T>(key: RowKey, row: Row): T | undefined {
    const value = Number.isInteger(row.columns) && row.columns <= MOST_COLUMNS ? parseObject(textOfColumns(row)) : null;
    if (value) return value as T;
    const consequence = 'Nothing to do: the next count replaces the row.';
    this.#foreign.report({ table: 'polling', ...key, etag: row.etag }, consequence);
    return undefined;
  }
}

/** A row holds a mebibyte. */
const MOST_COLUMNS = 15;

function entityOf(key: RowKey, value: unknown): TableEntity<Record<string, unknown>> {
  return { ...key, ...textColumns(JSON.stringify(value)) };
}

function keyOf(row: Row): RowKey {
  return { partitionKey: String(row['partitionKey']), rowKey: String(row['rowKey']) };
}

/** Digits of the key are the time, counted backwards. */
function atOf(row: Row): Instant {
  return new Date(9_999_999_999_999 - Number(keyOf(row).rowKey.slice(2))).toISOString();
}
