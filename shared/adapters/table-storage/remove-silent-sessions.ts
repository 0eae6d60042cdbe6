// Purges sessions: removes those that have been over for long, and the ways to sessions that are gone.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { addMilliseconds, type Instant } from '../../domain/instant.ts';
import { lastSignOf, SESSION_LIFE_MS } from '../../domain/session/session-life.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import { sessionRow, shardPartition, withoutRecordFilter } from './row-keys.ts';
import { readRow, unlessOvertaken } from './rows.ts';
import { fromSessionEntity, removableAfter, type SessionRow } from './session-entity.ts';
import { storePages } from './store-errors.ts';
import { waysOfAnswer } from './write-answer.ts';

const DELETE_CONCURRENCY = 16;
/** Rows looked at before the next are asked for. */
const PAGE = 200;
/** What leads to a session is looked at once it was written so long ago. */
const WAY_KEPT_MS = 2 * SESSION_LIFE_MS;

/**
 * What is written again meanwhile has another etag and stays.
 * @returns how many sessions
 */
export async function removeSilentSessions(
  table: TableClient,
  shard: string,
  now: Instant,
  { signal }: CallOptions,
): Promise<number> {
  const work = { table, signal };
  const partition = `PartitionKey eq '${shardPartition(shard)}'`;
  const before = addMilliseconds(now, -WAY_KEPT_MS);
  const silent = `(overAt lt '${now}' or decidedAt lt '${before}')`;
  const sessions = `${partition} and RowKey ge 's|' and RowKey lt 's}' and ${silent}`;
  const removed = await sweep(work, sessions, (row) => isOver(row, now));
  const ways = ['a', 'd', 'i'].map((kind) => {
    // Rows of versions before have no time of their own.
    const old = `${partition} and RowKey ge '${kind}|' and RowKey lt '${kind}}' and Timestamp lt datetime'${before}'`;
    return sweep(work, old, (row) => leadsNowhere(table, row));
  });
  // Most of them find next to nothing.
  await Promise.all([...ways, sweep(work, withoutRecordFilter(shard, { before }), async () => true)]);
  return removed;
}

interface Sweep {
  readonly table: TableClient;
  readonly signal: AbortSignal | undefined;
}

/** @returns how many rows were removed when all were looked at, or the time was up */
async function sweep(
  { table, signal }: Sweep,
  filter: string,
  isToGo: (row: TableEntityResult<SessionRow>) => Promise<boolean>,
): Promise<number> {
  let removed = 0;
  if (signal?.aborted) return removed;
  const pages = table.listEntities<SessionRow>({ queryOptions: { filter } }).byPage({ maxPageSize: PAGE });
  for await (const page of storePages('listing sessions', pages)) {
    if (signal?.aborted) break;
    await concurrently(page, DELETE_CONCURRENCY, async (row) => {
      if (signal?.aborted || !(await isToGo(row))) return;
      if (await remove(table, row)) removed += 1;
    });
  }
  return removed;
}

/** By all that the row says: the column that was asked for is of the newest write, and not of the longest permit. */
async function isOver(row: SessionRow, now: Instant): Promise<boolean> {
  try {
    const session = fromSessionEntity(String(row['rowKey']).slice('s|'.length), row);
    return removableAfter(session.answers, lastSignOf(session)) < now;
  } catch (thrown) {
    // What something else wrote is for an operator to look at.
    if (thrown instanceof StoreError) return false;
    throw thrown;
  }
}

/** Its session is not there any more, or none of its answers has that way: what a comparison notes is noted again. */
async function leadsNowhere(table: TableClient, { rowKey, sessionId }: SessionRow): Promise<boolean> {
  const id = String(sessionId);
  const row = await readRow<SessionRow>('reading a session', table, sessionRow(id));
  if (row === undefined) return true;
  try {
    const { site, answers } = fromSessionEntity(id, row);
    return !answers.some((answer) => waysOfAnswer(id, site, answer).some((way) => way.rowKey === rowKey));
  } catch (thrown) {
    if (thrown instanceof StoreError) return false;
    throw thrown;
  }
}

/** @returns false when the row was written since it was listed, or is gone */
function remove(table: TableClient, row: TableEntityResult<SessionRow>): Promise<boolean> {
  const removal = table.deleteEntity(String(row['partitionKey']), String(row['rowKey']), { etag: row.etag });
  return unlessOvertaken('removing a session', removal);
}
