// One row read, written or removed where it may not be there, or not be the one any more that the caller has read.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import type { CallOptions } from '../../ports/call-options.ts';
import type { RowKey } from './row-keys.ts';
import { isConflict, isNotFound, toStoreError } from './store-errors.ts';

/**
 * @param what the caller does, for the error: `reading a job`
 * @returns `undefined` where there is no such row
 * @throws StoreError NAC_STORE_TIMEOUT, NAC_STORE_UNAVAILABLE
 */
export async function readRow<Columns extends object>(
  what: string,
  table: TableClient,
  { partitionKey, rowKey }: RowKey,
  { signal }: CallOptions = {},
): Promise<TableEntityResult<Columns> | undefined> {
  try {
    return await table.getEntity<Columns>(partitionKey, rowKey, signal ? { abortSignal: signal } : {});
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw toStoreError(what, thrown);
  }
}

/**
 * @returns false where the row is not there
 * @throws StoreError NAC_STORE_TIMEOUT, NAC_STORE_UNAVAILABLE
 */
export async function unlessGone(what: string, call: Promise<unknown>): Promise<boolean> {
  return unless(isNotFound, what, call);
}

/**
 * Of a write or a removal under an etag.
 * @returns false where another writer has replaced or removed the row since it was read
 * @throws StoreError NAC_STORE_TIMEOUT, NAC_STORE_UNAVAILABLE
 */
export async function unlessOvertaken(what: string, call: Promise<unknown>): Promise<boolean> {
  return unless((thrown) => isConflict(thrown) || isNotFound(thrown), what, call);
}

async function unless(expected: (thrown: unknown) => boolean, what: string, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (thrown) {
    if (expected(thrown)) return false;
    throw toStoreError(what, thrown);
  }
}
