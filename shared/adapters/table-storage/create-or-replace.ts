// Writes a row that is new, or replaces the one that was read: other writers in between are a conflict.

import type { TableClient, TableEntity } from '@azure/data-tables';

/**
 * Replaces the row of that etag; without one the row must be new.
 * @returns the etag from now on
 * @throws what the SDK throws, a conflict where another writer was first
 */
export async function createOrReplace<T extends object>(
  table: TableClient,
  entity: TableEntity<T>,
  etag: string | undefined,
): Promise<string> {
  const written =
    etag === undefined ? await table.createEntity(entity) : await table.updateEntity(entity, 'Replace', { etag });
  return written.etag ?? '';
}
