// Operators' side of the store: creates tables and the clients that may ask. Not part of any function.

import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { TableClientStore } from './adapters/table-storage/table-client-store.ts';
import { createTables, openTables, type TableConnection } from './adapters/table-storage/tables.ts';
import {
  type Client,
  type ClientCredential,
  type ClientKind,
  credentialFor,
  formatApiKey,
  isClientOrSiteName,
  withNewCredential,
  withoutOlderCredentials,
} from './domain/client.ts';
import { toInstant } from './domain/instant.ts';
import { ConnectorError } from './errors.ts';
import type { Clock } from './ports/clock.ts';
import type { Random } from './ports/random.ts';

export interface ClientRegistry {
  /** Creates the tables that are missing. */
  prepareStore(): Promise<void>;
  /**
   * Lets a RADIUS proxy ask for its site, or an operator look at jobs.
   * @returns its API key: shown once, and kept only as a salted HMAC
   * @throws ConnectorError NAC_CLIENT_NAME, StoreError NAC_CLIENT_EXISTS
   */
  createClient(name: string, site: string, kind?: ClientKind): Promise<string>;
  /**
   * Gives the client a second key; the newest one it had stays valid until {@link retireOlderKey}.
   * @returns the new API key @throws StoreError NAC_CLIENT_UNKNOWN
   */
  rotateKey(name: string): Promise<string>;
  /** Only the newest key stays valid. @throws StoreError NAC_CLIENT_UNKNOWN */
  retireOlderKey(name: string): Promise<void>;
  /** The client may ask no more. @throws StoreError NAC_CLIENT_UNKNOWN */
  revokeClient(name: string): Promise<void>;
  listClients(): Promise<Omit<Client, 'sessionKey'>[]>;
}

export async function openClientRegistry(
  storage: TableConnection,
  { clock, random }: { readonly clock: Clock; readonly random: Random } = { clock: systemClock, random: systemRandom },
): Promise<ClientRegistry> {
  const tables = await openTables(storage, 'background');
  const clients = new TableClientStore(tables.clients);

  function newSecret(): { readonly secret: string; readonly credential: ClientCredential } {
    const secret = random.hex(32);
    return { secret, credential: credentialFor(secret, random.hex(16), toInstant(clock.now())) };
  }

  return {
    prepareStore: () => createTables(tables),
    async createClient(name, site, kind = 'radius-proxy') {
      requireName('name', name);
      requireName('site', site);
      const { secret, credential } = newSecret();
      const sessionKey = await clients.sessionKeyOf(site, random.hex(32));
      await clients.create({ name, site, kind, sessionKey, credentials: [credential] });
      return formatApiKey(name, secret);
    },
    async rotateKey(name) {
      const { secret, credential } = newSecret();
      await clients.changeCredentials(name, (credentials) => withNewCredential(credentials, credential));
      return formatApiKey(name, secret);
    },
    retireOlderKey: (name) => clients.changeCredentials(name, withoutOlderCredentials),
    revokeClient: (name) => clients.remove(name),
    listClients: async () => (await clients.list()).map(({ sessionKey, ...client }) => client),
  };
}

function requireName(field: 'name' | 'site', value: string): void {
  if (isClientOrSiteName(value)) return;
  throw new ConnectorError('NAC_CLIENT_NAME', `"${value}" cannot be the ${field} of a client.`, {
    action: 'Use up to 40 lower-case letters, digits and hyphens, starting with a letter or digit.',
    field,
  });
}
