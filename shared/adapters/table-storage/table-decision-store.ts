// Decisions that were made, in Table Storage: read by id without a search, listed newest first over all partitions.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { CountedDecision } from '../../domain/decision-counts.ts';
import { SHARDS } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant } from '../../domain/instant.ts';
import { parseDecisionId } from '../../domain/policy/decision-id.ts';
import { includesSite } from '../../domain/sites.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type {
  DecisionPage,
  DecisionQuery,
  DecisionRange,
  DecisionRecord,
  DecisionStore,
} from '../../ports/decision-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import {
  COUNTED_COLUMNS,
  countedOf,
  type DecisionConditions,
  type DecisionEntity,
  decisionConditions,
  fromDecisionEntity,
} from './decision-rows.ts';
import { ForeignRows } from './foreign-rows.ts';
import { decisionCursor, decisionCursorBefore, decisionRange, decisionRow, momentOfCursor } from './row-keys.ts';
import { readRow, unlessGone } from './rows.ts';
import { storePages } from './store-errors.ts';

/** Limit of the Table service per transaction. */
const LARGEST_TRANSACTION = 100;

type Row = Partial<DecisionEntity> & {
  readonly partitionKey?: string;
  readonly rowKey?: string;
  readonly etag?: string;
};

export class TableDecisionStore implements DecisionStore {
  readonly #table: TableClient;

  readonly #foreign: ForeignRows;

  /**
   * @param table the one of sessions, since a decision is written in one transaction with its session
   * @param log of rows that something else wrote
   */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#foreign = new ForeignRows(log);
  }

  async read(id: string, { signal }: CallOptions = {}): Promise<DecisionRecord | undefined> {
    const parts = parseDecisionId(id);
    if (parts === undefined) return undefined;
    const row = await readRow<Row>('reading a decision', this.#table, decisionRow(id, parts), { signal });
    return row && this.#known(row);
  }

  /**
   * All partitions at once, each in the order of time; the newest of their next rows comes first. With `now`, a
   * filter is applied to slice by slice of time, each longer than the one before it: what it keeps out is then known to
   * have been looked at. When time runs out, the page is what was found by then, and `next` goes on behind what was
   * looked at.
   * @throws StoreError NAC_STORE_TIMEOUT when not even the first slice was looked at by then
   */
  async list(
    { filter, sites, limit, now, ...range }: DecisionQuery,
    { signal }: CallOptions = {},
  ): Promise<DecisionPage> {
    const conditions = decisionConditions(filter, sites);
    const decisions: DecisionRecord[] = [];
    let lookedUntil: Instant | undefined;
    try {
      // Without a filter every row counts, so that a page is full soon.
      const sliced = now !== undefined && (conditions.text !== '' || sites !== 'every');
      for (const slice of sliced ? slicesOf(range, now) : [range]) {
        for await (const record of this.#newestFirst(slice, conditions, limit, signal)) {
          if (!includesSite(sites, record.site)) continue;
          if (decisions.length === limit) return { decisions, next: cursorAfter(decisions) };
          decisions.push(record);
          lookedUntil = record.decision.decidedAt;
        }
        lookedUntil = slice.since;
        signal?.throwIfAborted();
      }
      return { decisions };
    } catch (thrown) {
      if (signal?.aborted !== true) throw thrown;
      if (lookedUntil === undefined) throw foundNothingInTime(thrown);
      const isLast = decisions.at(-1)?.decision.decidedAt === lookedUntil;
      return { decisions, next: isLast ? cursorAfter(decisions) : decisionCursorBefore(lookedUntil), lookedUntil };
    }
  }

  async *listCounted(
    shard: string,
    range: { readonly since: Instant; readonly until: Instant },
    { signal }: CallOptions = {},
  ): AsyncIterable<CountedDecision> {
    const options = {
      queryOptions: { filter: decisionRange(shard, range), select: COUNTED_COLUMNS },
      ...(signal && { abortSignal: signal }),
    };
    const rows = this.#table.listEntities<Record<string, unknown>>(options);
    for await (const row of storePages('counting decisions', rows)) {
      const counted = countedOf(row);
      if (counted !== undefined) yield counted;
    }
  }

  async *#newestFirst(
    range: DecisionRange,
    conditions: DecisionConditions,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<DecisionRecord, undefined> {
    const pageSize = Math.max(20, Math.ceil(limit / SHARDS.length) * 4);
    const rows = SHARDS.map((shard) => this.#rows(decisionRange(shard, range), conditions, pageSize, signal));
    try {
      const next = await Promise.all(rows.map((each) => each.next()));
      for (;;) {
        const newest = indexOfNewest(next);
        if (newest === undefined) return undefined;
        const record = this.#known(next[newest]?.value as Row);
        if (record !== undefined) yield record;
        next[newest] = (await rows[newest]?.next()) ?? { done: true, value: undefined };
      }
    } finally {
      await Promise.all(rows.map((each) => each.return(undefined)));
    }
  }

  #known(row: Row): DecisionRecord | undefined {
    const record = fromDecisionEntity(row);
    const { partitionKey, rowKey, etag } = row;
    if (record === undefined) {
      const consequence = 'Nothing to do: housekeeping removes it after DECISION_HISTORY.';
      this.#foreign.report({ table: 'sessions', partitionKey, rowKey, etag }, consequence);
    }
    return record;
  }

  async removeBefore(shard: string, before: Instant, { signal }: CallOptions = {}): Promise<number> {
    const queryOptions = { filter: decisionRange(shard, { until: before }), select: ['PartitionKey', 'RowKey'] };
    const pages = this.#table.listEntities({ queryOptions }).byPage({ maxPageSize: LARGEST_TRANSACTION });
    let removed = 0;
    for await (const page of storePages('listing old decisions', pages)) {
      if (signal?.aborted) break;
      const actions = page.map(
        ({ partitionKey = '', rowKey = '' }): TransactionAction => ['delete', { partitionKey, rowKey }],
      );
      if (actions.length > 0) await this.#submit(actions);
      removed += actions.length;
    }
    return removed;
  }

  /** Another process that removes the same does no harm: the next call finds what is left. */
  async #submit(actions: TransactionAction[]): Promise<void> {
    await unlessGone('removing old decisions', this.#table.submitTransaction(actions));
  }

  async *#rows(
    range: string,
    { text, rest }: DecisionConditions,
    maxPageSize: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Row, undefined> {
    const select = ['PartitionKey', 'RowKey', 'record', ...rest.map(([column]) => column)];
    const options = {
      queryOptions: { filter: range + text, select },
      ...(signal && { abortSignal: signal }),
    };
    const pages = this.#table
      .listEntities<DecisionEntity & Readonly<Record<string, unknown>>>(options)
      .byPage({ maxPageSize });
    for await (const page of storePages('listing decisions', pages)) {
      yield* rest.length === 0
        ? page
        : page.filter((row) => rest.every(([column, values]) => values.some((each) => row[column] === each)));
    }
    return undefined;
  }
}

/** Of the first slice; each has four times the length of the one before. */
const FIRST_SLICE_MS = 15 * 60_000;
const GROWTH = 4;

/** Slices of a range without `since` end with one that has no beginning. */
function* slicesOf(range: DecisionRange, now: Instant): Generator<DecisionRange> {
  const { since, after } = range;
  let until = range.until;
  let upper = [after === undefined ? now : momentOfCursor(after), until ?? now].sort()[0] ?? now;
  for (let length = FIRST_SLICE_MS; ; length *= GROWTH) {
    const from = length > LONGEST_SLICE_MS ? '' : addMilliseconds(upper, -length);
    const isLast = from <= (since ?? '');
    const lower = isLast ? since : from;
    yield { ...range, ...(lower !== undefined && { since: lower }), ...(until !== undefined && { until }) };
    if (isLast) return;
    until = from;
    upper = from;
  }
}
const LONGEST_SLICE_MS = 3 * 365 * 24 * 3_600_000;

function cursorAfter(decisions: readonly DecisionRecord[]): string {
  return decisionCursor(decisions.at(-1)?.decision.id ?? '');
}

function foundNothingInTime(cause: unknown): StoreError {
  return new StoreError('NAC_STORE_TIMEOUT', 'No such decision was found in the time there is for a search.', {
    action: 'Search a shorter time, with since and until; where that fails too, check the storage account.',
    cause,
  });
}

function indexOfNewest(next: readonly IteratorResult<Row, undefined>[]): number | undefined {
  let newest: number | undefined;
  for (const [index, { done, value }] of next.entries()) {
    if (done) continue;
    const best = newest === undefined ? undefined : next[newest]?.value;
    if (best === undefined || (value.rowKey ?? '') < (best.rowKey ?? '')) newest = index;
  }
  return newest;
}
