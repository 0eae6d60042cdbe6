// Housekeeping among sessions: those without a sign of life go, and what leads to sessions that are not there any more.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import type { Instant } from '../../domain/instant.ts';
import { prefixFilter, shardPartition } from './row-keys.ts';
import { isConflict, isNotFound, storePages, toStoreError } from './store-errors.ts';

const DELETE_CONCURRENCY = 16;

const SIGNS_OF_LIFE = ['decidedAt', 'accountedAt'];

/**
 * Ways first, then sessions: a way that is listed had its session, since one transaction writes both. What is written
 * again meanwhile has another etag and stays.
 * @returns how many sessions
 */
export async function removeSilentSessions(
  table: TableClient,
  shard: string,
  before: Instant,
  limit: number,
): Promise<number> {
  const ofDevices = await list<{ sessionId: string }>(table, shard, 'd|', ['sessionId']);
  const ofAccounting = await list<{ sessionId: string }>(table, shard, 'a|', ['sessionId']);
  const sessions = await list<{ decidedAt: string; accountedAt?: string }>(table, shard, 's|', SIGNS_OF_LIFE);
  const there = new Set(sessions.map(({ rowKey = '' }) => rowKey.slice('s|'.length)));
  const silent = sessions.filter(({ decidedAt, accountedAt = '' }) => decidedAt < before && accountedAt < before);
  let removed = 0;
  await concurrently(silent.slice(0, limit), DELETE_CONCURRENCY, async (row) => {
    if (!(await remove(table, row))) return;
    there.delete(row.rowKey?.slice('s|'.length) ?? '');
    removed += 1;
  });
  const names = await list<{ decidedAt: string }>(table, shard, 'a|', ['decidedAt']);
  await concurrently(
    names.filter(({ decidedAt }) => decidedAt < before),
    DELETE_CONCURRENCY,
    (row) => remove(table, row),
  );
  const leadingNowhere = [...ofDevices, ...ofAccounting].filter(({ sessionId }) => !there.has(sessionId));
  await concurrently(leadingNowhere, DELETE_CONCURRENCY, (row) => remove(table, row));
  return removed;
}

async function list<T extends object>(
  table: TableClient,
  shard: string,
  prefix: string,
  select: string[],
): Promise<TableEntityResult<T>[]> {
  const queryOptions = { filter: prefixFilter(shardPartition(shard), prefix), select: ['RowKey', ...select] };
  const rows: TableEntityResult<T>[] = [];
  const pages = table.listEntities<T>({ queryOptions }).byPage();
  for await (const page of storePages('listing sessions', pages)) {
    rows.push(...page.map((row) => ({ ...row, partitionKey: shardPartition(shard) })));
  }
  return rows;
}

/** @returns false when the row was written since it was listed, or is gone */
async function remove(
  table: TableClient,
  { partitionKey = '', rowKey = '', etag }: TableEntityResult<object>,
): Promise<boolean> {
  try {
    await table.deleteEntity(partitionKey, rowKey, { etag });
    return true;
  } catch (thrown) {
    if (isConflict(thrown) || isNotFound(thrown)) return false;
    throw toStoreError('removing a session', thrown);
  }
}
