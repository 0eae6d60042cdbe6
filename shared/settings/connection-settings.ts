// How the function app reaches the storage account and the Service Bus namespace: by its identity or a connection
// string.

import type { SettingsReader } from './settings-reader.ts';

export type StorageSetting =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly tableServiceUri: string; readonly clientId?: string };

export type ServiceBusSetting =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly fullyQualifiedNamespace: string; readonly clientId?: string };

/** Exactly one of the two ways to reach the storage account. */
export function readStorageSetting(reader: SettingsReader): StorageSetting {
  const connectionString = reader.text('StorageConnection');
  const tableServiceUri = reader.text('StorageConnection__tableServiceUri');
  if (Boolean(connectionString) === Boolean(tableServiceUri)) {
    reader.problem(
      undefined,
      'Set either StorageConnection__tableServiceUri (https://<account>.table.core.windows.net, with a managed ' +
        'identity) or StorageConnection (a connection string, for local runs)',
    );
  }
  if (tableServiceUri && !isHttpsUrl(tableServiceUri)) {
    reader.problem('StorageConnection__tableServiceUri', 'is not an https:// URL');
  }
  if (connectionString && !/TableEndpoint=|AccountName=/i.test(connectionString)) {
    reader.problem(
      'StorageConnection',
      'is not a storage connection string (it names no AccountName or TableEndpoint; UseDevelopmentStorage is not enough)',
    );
  }
  if (tableServiceUri) {
    const clientId = reader.text('StorageConnection__clientId');
    return { kind: 'managed-identity', tableServiceUri, ...(clientId !== undefined && { clientId }) };
  }
  return { kind: 'connection-string', connectionString: connectionString ?? '' };
}

/** Neither of the two ways is fine, too: then nothing is enforced. */
export function readServiceBusSetting(reader: SettingsReader): ServiceBusSetting | undefined {
  const connectionString = reader.text('ServiceBusConnection');
  const fullyQualifiedNamespace = reader.text('ServiceBusConnection__fullyQualifiedNamespace');
  if (connectionString && fullyQualifiedNamespace) {
    reader.problem(
      undefined,
      'Set only one of ServiceBusConnection and ServiceBusConnection__fullyQualifiedNamespace (with a managed identity)',
    );
  }
  if (connectionString && !/Endpoint=sb:\/\//i.test(connectionString)) {
    reader.problem('ServiceBusConnection', 'is not a Service Bus connection string (Endpoint=sb://…)');
  }
  if (fullyQualifiedNamespace && !/^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(fullyQualifiedNamespace)) {
    reader.problem(
      'ServiceBusConnection__fullyQualifiedNamespace',
      'is not the name of a host such as sb-nac.servicebus.windows.net',
    );
  }
  if (fullyQualifiedNamespace) {
    const clientId = reader.text('ServiceBusConnection__clientId');
    return { kind: 'managed-identity', fullyQualifiedNamespace, ...(clientId !== undefined && { clientId }) };
  }
  return connectionString ? { kind: 'connection-string', connectionString } : undefined;
}

function isHttpsUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}
