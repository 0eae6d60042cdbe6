// Operators' side of the store: creates tables and the clients that may ask. Not part of any function.

import { systemClock } from '../adapters/system/system-clock.ts';
import { systemRandom } from '../adapters/system/system-random.ts';
import { signedInIdentity } from '../adapters/table-storage/signed-in-identity.ts';
import { TableAuditStore } from '../adapters/table-storage/table-audit-store.ts';
import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { createTables, openTables, type TableConnection } from '../adapters/table-storage/tables.ts';
import type { AuditAction } from '../domain/audit-entry.ts';
import {
  type Client,
  type ClientCredential,
  type ClientKind,
  credentialFor,
  formatApiKey,
  isClientOrSiteName,
  withNewCredential,
  withoutOlderCredentials,
} from '../domain/client.ts';
import { toInstant } from '../domain/instant.ts';
import { ConnectorError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export interface ClientRegistry {
  /** Creates the tables that are missing. */
  prepareStore(): Promise<void>;
  /**
   * Lets a RADIUS proxy ask for its site, or an operator look at jobs.
   * @param reason why, for the audit; so for the other changes
   * @returns its API key: shown once, and kept only as a salted HMAC
   * @throws ConnectorError NAC_CLIENT_NAME, StoreError NAC_CLIENT_EXISTS
   */
  createClient(name: string, site: string, kind?: ClientKind, everySite?: boolean, reason?: string): Promise<string>;
  /**
   * Gives the client a second key; the newest one it had stays valid until {@link retireOlderKey}.
   * @returns the new API key @throws StoreError NAC_CLIENT_UNKNOWN
   */
  rotateKey(name: string, reason?: string): Promise<string>;
  /** Only the newest key stays valid. @throws StoreError NAC_CLIENT_UNKNOWN */
  retireOlderKey(name: string, reason?: string): Promise<void>;
  /** The client may ask no more. @throws StoreError NAC_CLIENT_UNKNOWN */
  revokeClient(name: string, reason?: string): Promise<void>;
  listClients(): Promise<Omit<Client, 'sessionKey'>[]>;
}

export async function openClientRegistry(
  storage: TableConnection,
  { clock, random }: { readonly clock: Clock; readonly random: Random } = { clock: systemClock, random: systemRandom },
): Promise<ClientRegistry> {
  const tables = await openTables(storage, 'background');
  const clients = new TableClientStore(tables.clients);
  const audit = new TableAuditStore(tables.audit, random);
  let identity: Promise<string> | undefined;

  /** Kept before the change is made, so that none is without an entry. */
  async function note(
    action: AuditAction,
    target: string,
    { site, reason }: { readonly site?: string; readonly reason: string | undefined },
  ): Promise<void> {
    identity ??= signedInIdentity(storage);
    const at = toInstant(clock.now());
    const more = { ...(site !== undefined && { site }), ...(reason !== undefined && { reason }) };
    await audit.append({ at, by: await identity, from: 'command-line', action, target, ...more });
  }

  function newSecret(): { readonly secret: string; readonly credential: ClientCredential } {
    const secret = random.hex(32);
    return { secret, credential: credentialFor(secret, random.hex(16), toInstant(clock.now())) };
  }

  return {
    prepareStore: () => createTables(tables),
    async createClient(name, site, kind = 'radius', everySite = false, reason) {
      requireName('name', name);
      requireName('site', site);
      await note('create-client', `${name} (${kind})`, { site, reason });
      const { secret, credential } = newSecret();
      const sessionKey = await clients.sessionKeyOf(site, random.hex(32));
      await clients.create({
        name,
        site,
        ...(everySite && { everySite }),
        kind,
        sessionKey,
        credentials: [credential],
      });
      return formatApiKey(name, secret);
    },
    async rotateKey(name, reason) {
      await note('rotate-key', name, { reason });
      const { secret, credential } = newSecret();
      await clients.changeCredentials(name, (credentials) => withNewCredential(credentials, credential));
      return formatApiKey(name, secret);
    },
    async retireOlderKey(name, reason) {
      await note('retire-older-key', name, { reason });
      await clients.changeCredentials(name, withoutOlderCredentials);
    },
    async revokeClient(name, reason) {
      await note('revoke-client', name, { reason });
      await clients.remove(name);
    },
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
