// Sessions that the next round of enforcement compares with policy: one small row each, all in one partition, so that a
// round reads them with one query.

import type { TableClient } from '@azure/data-tables';
import type { Instant } from '../../domain/instant.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SessionToCompare } from '../../ports/session-store.ts';
import { COMPARE_PARTITION, compareRow } from './row-keys.ts';
import { unlessOvertaken } from './rows.ts';
import { storeCall, storePages } from './store-errors.ts';

/** Limit of the Table service per page. */
const LARGEST_PAGE = 1_000;

export async function noteToCompare(
  table: TableClient,
  sessionId: string,
  at: Instant,
  { signal }: CallOptions,
): Promise<void> {
  const options = signal ? { abortSignal: signal } : {};
  await storeCall('noting a session', table.upsertEntity({ ...compareRow(sessionId), at }, 'Replace', options));
}

export async function listToCompare(
  table: TableClient,
  limit: number,
  { signal }: CallOptions,
): Promise<SessionToCompare[]> {
  const queryOptions = { filter: `PartitionKey eq '${COMPARE_PARTITION}'` };
  const pages = table
    .listEntities<{ at: Instant }>({ queryOptions, ...(signal && { abortSignal: signal }) })
    .byPage({ maxPageSize: Math.min(limit, LARGEST_PAGE) });
  const entries: SessionToCompare[] = [];
  for await (const page of storePages('listing noted sessions', pages)) {
    for (const { rowKey = '', at, etag } of page) entries.push({ sessionId: rowKey, at: String(at), etag });
    if (entries.length >= limit) break;
  }
  return entries.slice(0, limit);
}

export async function removeCompared(
  table: TableClient,
  { sessionId, etag }: SessionToCompare,
  { signal }: CallOptions,
): Promise<void> {
  const { partitionKey, rowKey } = compareRow(sessionId);
  const options = { etag, ...(signal && { abortSignal: signal }) };
  // Noted again meanwhile, or gone: both are well.
  await unlessOvertaken('removing a noted session', table.deleteEntity(partitionKey, rowKey, options));
}
