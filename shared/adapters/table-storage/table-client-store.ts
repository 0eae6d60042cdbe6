// Clients that may ask, in Table Storage.

import type { TableClient } from '@azure/data-tables';
import { CLIENT_KINDS, type Client, type ClientCredential, type ClientKind } from '../../domain/client.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { ClientStore } from '../../ports/client-store.ts';
import { clientRow, siteRow } from './row-keys.ts';
import { isObject } from './row-shapes.ts';
import { readRow, unlessGone } from './rows.ts';
import { isConflict, storeCall, storePages, toStoreError } from './store-errors.ts';

/** Kinds as the version before wrote them. */
const FORMER_KINDS: Readonly<Record<string, ClientKind>> = { 'radius-proxy': 'radius', 'ise-node': 'ise' };

interface ClientColumns {
  readonly site: string;
  readonly kind: string;
  readonly everySite?: boolean;
  readonly sessionKey: string;
  /** JSON. */
  readonly credentials: string;
}

export interface SiteKey {
  readonly site: string;
  readonly sessionKey: string;
}

export class TableClientStore implements ClientStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async read(name: string, { signal }: CallOptions = {}): Promise<Client | undefined> {
    const row = await readRow<ClientColumns>('reading a client', this.#table, clientRow(name), { signal });
    return row && fromColumns(name, row);
  }

  async names({ signal }: CallOptions = {}): Promise<string[]> {
    const names: string[] = [];
    const queryOptions = { filter: "PartitionKey eq 'clients'", select: ['RowKey'] };
    const rows = this.#table.listEntities({ queryOptions, ...(signal && { abortSignal: signal }) });
    for await (const { rowKey } of storePages('listing clients', rows)) if (rowKey !== undefined) names.push(rowKey);
    return names;
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

  /** Every site that has clients, or had some, with the key of its sessions. */
  async siteKeys({ signal }: CallOptions = {}): Promise<SiteKey[]> {
    const sites: SiteKey[] = [];
    const options = { queryOptions: { filter: "PartitionKey eq 'sites'" }, ...(signal && { abortSignal: signal }) };
    const rows = this.#table.listEntities<{ sessionKey: unknown }>(options);
    for await (const { rowKey: site = '', sessionKey } of storePages('listing sites', rows)) {
      if (typeof sessionKey === 'string') sites.push({ site, sessionKey });
    }
    return sites;
  }

  /** In the order of their names. */
  async list(): Promise<Client[]> {
    const clients: Client[] = [];
    const rows = this.#table.listEntities<ClientColumns>({ queryOptions: { filter: "PartitionKey eq 'clients'" } });
    try {
      for await (const { rowKey = '', ...columns } of rows) clients.push(fromColumns(rowKey, columns));
    } catch (thrown) {
      throw toStoreError('listing clients', thrown);
    }
    return clients;
  }

  /** @throws StoreError NAC_CLIENT_UNKNOWN, NAC_STORE_CONFLICT when another writer changes the client at this moment */
  async changeCredentials(
    name: string,
    change: (credentials: readonly ClientCredential[]) => readonly ClientCredential[],
  ): Promise<void> {
    const key = clientRow(name);
    const row = await readRow<ClientColumns>('changing a client', this.#table, key);
    if (row === undefined) throw unknownClient(name);
    const credentials = JSON.stringify(change(readCredentials(row.credentials) ?? []));
    const update = this.#table.updateEntity({ ...key, credentials }, 'Merge', { etag: row.etag });
    if (!(await unlessGone('changing a client', update))) throw unknownClient(name);
  }

  /** @throws StoreError NAC_CLIENT_UNKNOWN */
  async remove(name: string): Promise<void> {
    const { partitionKey, rowKey } = clientRow(name);
    const isRemoved = await unlessGone('removing a client', this.#table.deleteEntity(partitionKey, rowKey));
    if (!isRemoved) throw unknownClient(name);
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

function unknownClient(name: string): StoreError {
  return new StoreError('NAC_CLIENT_UNKNOWN', `There is no client named "${name}".`, {
    action: 'List the clients with `npm run clients -- list`.',
    field: 'name',
  });
}

/** @throws StoreError NAC_STORE_ROW when something else wrote the row */
function fromColumns(name: string, { site, everySite, kind, sessionKey, credentials }: ClientColumns): Client {
  const known = CLIENT_KINDS.find((one) => one === (FORMER_KINDS[kind] ?? kind));
  if (known === undefined) throw damagedClient(name, `has the unknown kind "${kind}"`);
  const read = readCredentials(credentials);
  if (read === undefined) throw damagedClient(name, 'has no credentials that can be read');
  const ofEverySite = everySite === true && { everySite };
  return { name, site, ...ofEverySite, kind: known, sessionKey, credentials: read };
}

function readCredentials(text: unknown): readonly ClientCredential[] | undefined {
  try {
    const read: unknown = JSON.parse(String(text));
    return Array.isArray(read) && read.every(isObject) ? (read as unknown as ClientCredential[]) : undefined;
  } catch {
    return undefined;
  }
}

function damagedClient(name: string, what: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `The row of client "${name}" ${what}.`, {
    action: 'A later version wrote it, or something else did: remove the row and make the client again.',
  });
}
