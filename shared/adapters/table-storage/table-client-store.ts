// RADIUS proxies that may ask, in Table Storage.

import type { TableClient } from '@azure/data-tables';
import type { Client } from '../../domain/client.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions, ClientStore } from '../../ports.ts';
import { clientRow } from './row-keys.ts';
import { isConflict, isNotFound, toStoreError } from './store-errors.ts';

export class TableClientStore implements ClientStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async read(name: string, { signal }: CallOptions = {}): Promise<Client | undefined> {
    const { partitionKey, rowKey } = clientRow(name);
    try {
      const row = await this.#table.getEntity<{ site: string; credentials: string }>(
        partitionKey,
        rowKey,
        signal ? { abortSignal: signal } : {},
      );
      return { name, site: row.site, kind: 'radius-proxy', credentials: JSON.parse(row.credentials) };
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading a client', thrown);
    }
  }

  async create({ name, credentials, ...columns }: Client): Promise<void> {
    try {
      await this.#table.createEntity({ ...clientRow(name), ...columns, credentials: JSON.stringify(credentials) });
    } catch (thrown) {
      if (!isConflict(thrown)) throw toStoreError('creating a client', thrown);
      throw new StoreError('NAC_CLIENT_EXISTS', `There is a client named "${name}" already.`, {
        action: 'Choose another name.',
        field: 'name',
      });
    }
  }
}
