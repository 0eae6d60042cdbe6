// The tables of this product, and clients for them.

import { AzureNamedKeyCredential, TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { ConnectorError } from '../../errors.ts';
import { type CallLimits, callDeadlines } from './call-deadlines.ts';
import type { ObserveTime } from './common-clock.ts';
import { observedTime } from './observed-time.ts';
import { undiciHttpClient } from './undici-http-client.ts';

/** Every table, by what it holds. The infrastructure declares the same names. */
export const TABLE_NAMES = [
  'devices',
  'identities',
  'sessions',
  'clients',
  'polling',
  'jobs',
  'outbox',
  'policies',
  'audit',
] as const;
export type TableName = (typeof TABLE_NAMES)[number];
export type Tables = Readonly<Record<TableName, TableClient>>;

export type TableConnection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly tableServiceUri: string; readonly clientId?: string }
  /** An operator at a keyboard, signed in with `az login`. */
  | { readonly kind: 'azure-cli'; readonly tableServiceUri: string };

/**
 * How a call behaves when the store does not answer at once: a background job can wait, a lookup cannot, since a
 * RADIUS server waits for it.
 */
export type RetryProfile = 'background' | 'lookup';

const RETRIES: Record<RetryProfile, TableServiceClientOptions['retryOptions']> = {
  background: { maxRetries: 5, retryDelayInMs: 300, maxRetryDelayInMs: 10_000 },
  lookup: { maxRetries: 1, retryDelayInMs: 20, maxRetryDelayInMs: 50 },
};

/** A batch of a hundred rows takes up to a second. Lookups have shorter limits. */
const LIMITS: Record<RetryProfile, CallLimits> = {
  background: { tryMs: 10_000, callMs: 25_000 },
  lookup: { tryMs: 3_000, callMs: 5_000 },
};

/**
 * @param limits of a test that does not want to wait
 * @param observe gets the store's time with each answer
 */
export async function openTables(
  connection: TableConnection,
  profile: RetryProfile,
  limits: CallLimits = LIMITS[profile],
  observe?: ObserveTime,
): Promise<Tables> {
  const options: TableServiceClientOptions = {
    retryOptions: RETRIES[profile] ?? {},
    httpClient: undiciHttpClient(),
    additionalPolicies: [...callDeadlines(limits), ...(observe === undefined ? [] : [observedTime(observe)])],
  };
  const open = await opener(connection, options);
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, open(name)])) as Record<TableName, TableClient>;
}

/** Creates what is missing. On Azure the infrastructure has done it already. */
export async function createTables(tables: Tables): Promise<void> {
  await Promise.all(Object.values(tables).map((table) => table.createTable()));
}

async function opener(
  connection: TableConnection,
  options: TableServiceClientOptions,
): Promise<(name: TableName) => TableClient> {
  if (connection.kind !== 'connection-string') {
    // Loaded only here: a local run needs no identity library, and on Azure loading it is a part of one cold start.
    const { AzureCliCredential, ManagedIdentityCredential } = await import('@azure/identity');
    const credential =
      connection.kind === 'azure-cli'
        ? new AzureCliCredential()
        : new ManagedIdentityCredential(connection.clientId ? { clientId: connection.clientId } : {});
    return (name) => new TableClient(connection.tableServiceUri, name, credential, options);
  }
  const { url, credential } = parseConnectionString(connection.connectionString);
  return (name) =>
    new TableClient(url, name, credential, { ...options, allowInsecureConnection: url.startsWith('http:') });
}

/** The forms a storage account's connection string takes: an explicit TableEndpoint, or account name and suffix. */
function parseConnectionString(text: string): { url: string; credential: AzureNamedKeyCredential } {
  const parts = new Map(
    text
      .split(';')
      .filter((part) => part.includes('='))
      .map((part) => {
        const separator = part.indexOf('=');
        return [part.slice(0, separator).trim().toLowerCase(), part.slice(separator + 1).trim()] as const;
      }),
  );
  const account = parts.get('accountname') ?? '';
  const protocol = parts.get('defaultendpointsprotocol') ?? 'https';
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net';
  if (account === '' || !parts.has('accountkey')) {
    throw new ConnectorError('NAC_SETTINGS', 'StorageConnection names no AccountName and AccountKey.', {
      action: 'Copy the whole connection string of the storage account (UseDevelopmentStorage=true is not enough).',
      field: 'StorageConnection',
    });
  }
  const url = parts.get('tableendpoint') ?? `${protocol}://${account}.table.${suffix}`;
  return { url, credential: new AzureNamedKeyCredential(account, parts.get('accountkey') ?? '') };
}
