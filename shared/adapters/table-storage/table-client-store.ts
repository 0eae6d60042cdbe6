// RADIUS proxies that may ask, in Table Storage.

import type { TableClient } from '@azure/data-tables';
import type { Client, ClientKind } from '../../domain/client.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions, ClientStore } from '../../ports.ts';
import { clientRow, siteRow } from './row-keys.ts';
import { isConflict, isNotFound, storeCall, toStoreError } from './store-errors.ts';

interface ClientColumns {
  readonly site: string;
  readonly kind: ClientKind;
  readonly sessionKey: string;
  /** JSON. */
  readonly credentials: string;
}

export class TableClientStore implements ClientStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async read(name: string, { signal }: CallOptions = {}): Promise<Client | undefined> {
    const { partitionKey, rowKey } = clientRow(name);
    try {
      const row = await this.#table.getEntity<ClientColumns>(
        partitionKey,
        rowKey,
        signal ? { abortSignal: signal } : {},
      );
      const { site, kind, sessionKey, credentials } = row;
      return { name, site, kind, sessionKey, credentials: JSON.parse(credentials) };
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading a client', thrown);
    }
  }

  async sessionKeyOf(site: string, fresh: string): Promise<string> {
    const row = siteRow(site);
    try {
      await this.#table.createEntity({ ...row, sessionKey: fresh });
      return fresh;
    } catch (thrown) {
      if (!isConflict(thrown)) throw toStoreError('creating a site', thrown);
      const existing = this.#table.getEntity<{ sessionKey: string }>(row.partitionKey, row.rowKey);
      return (await storeCall('reading a site', existing)).sessionKey;
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
