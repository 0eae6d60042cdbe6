// Makes Service Bus clients as relay.yaml describes them.

import {
  ClientCertificateCredential,
  ClientSecretCredential,
  type TokenCredential,
  type TokenCredentialOptions,
} from '@azure/identity';
import { ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import { proxiedWebSocket } from './proxied-web-socket.ts';
import type { EntraCredential, ServiceBusConnection } from './relay-config.ts';

export type ConnectServiceBus = () => ServiceBusClient;

/** The relay repeats by itself, and does not wait for the SDK where something hangs. */
const RETRY_OPTIONS = { maxRetries: 0, timeoutInMs: 15_000 };

/**
 * What the relay signs in with; `undefined` where a connection string does.
 * @param secret client secret or certificate
 */
export function relayCredential(connection: ServiceBusConnection, secret: string): TokenCredential | undefined {
  return connection.kind === 'entra' ? entraCredential(connection.credential, secret, connection.proxy) : undefined;
}

/**
 * @param secret the connection string
 * @param credential with an Entra connection
 */
export function connectServiceBus(
  connection: ServiceBusConnection,
  secret: string,
  credential = relayCredential(connection, secret),
): ConnectServiceBus {
  if (connection.kind === 'connection-string' || credential === undefined) {
    return () => new ServiceBusClient(secret, { retryOptions: RETRY_OPTIONS });
  }
  const { namespace, transport, proxy } = connection;
  const options: ServiceBusClientOptions = {
    retryOptions: RETRY_OPTIONS,
    ...(transport === 'websocket' ? { webSocketOptions: { webSocket: proxiedWebSocket(proxy) } } : {}),
  };
  return () => new ServiceBusClient(namespace, credential, options);
}

function entraCredential(
  { kind, tenantId, clientId, authorityHost }: EntraCredential,
  secret: string,
  proxy: string | undefined,
): ClientCertificateCredential | ClientSecretCredential {
  const options: TokenCredentialOptions = {
    ...(authorityHost === undefined ? {} : { authorityHost }),
    ...(proxy === undefined ? {} : { proxyOptions: proxyOptions(new URL(proxy)) }),
  };
  return kind === 'certificate'
    ? new ClientCertificateCredential(tenantId, clientId, { certificate: secret }, options)
    : new ClientSecretCredential(tenantId, clientId, secret, options);
}

function proxyOptions({ protocol, hostname, port, username, password }: URL) {
  return {
    host: `${protocol}//${hostname}`,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  };
}
