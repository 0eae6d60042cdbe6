// The tables of the connector in memory, for tests that are about something else than the store: each call of the
// adapters is seen, and can be refused, as the proxy in front of Azurite does it. test/simulation/contract holds such
// tables to Azurite.

import { setImmediate } from 'node:timers/promises';
import { RestError } from '@azure/data-tables';
import { systemRandom } from '../../shared/adapters/system/system-random.ts';
import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import { type ClientKind, credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { INSTANT, type Wire } from '../simulation/services/wire.ts';
import type { StorageProxy } from './storage-proxy.ts';

/** Settings ask for one; nothing listens there. */
const CONNECTION_STRING = 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory';
const METHODS: Readonly<Record<string, string>> = {
  getEntity: 'GET',
  listEntities: 'GET',
  createEntity: 'POST',
  upsertEntity: 'PUT',
  updateEntity: 'PUT',
  deleteEntity: 'DELETE',
  submitTransaction: 'BATCH',
};

export interface MemoryStore {
  /** Of a transaction it counts one write; `hold` is for tests of the real service alone. */
  readonly storage: StorageProxy;
  /** The test's own view, which is not counted. */
  readonly tables: Tables;
  /** For a connector over these tables. */
  readonly openTables: () => Promise<Tables>;
  /** @returns its API key */
  createClient(name: string, site: string, kind?: ClientKind): Promise<string>;
}

export function memoryStore(): MemoryStore {
  const rows = new MemoryStorage(Date.now);
  const tables = rows.open(INSTANT);
  const storage: StorageProxy = {
    connectionString: CONNECTION_STRING,
    requests: [],
    beforeEach: () => 'pass',
    close: async () => undefined,
  };
  const wire: Wire = {
    async call(what, effect, signal) {
      const [table = '', operation = ''] = what.split('.');
      const method = METHODS[operation] ?? 'POST';
      const seen = { method, table, writes: method === 'GET' ? 0 : 1 };
      storage.requests.push(seen);
      // An answer of a service comes with a later turn of the event loop.
      await setImmediate();
      const fate = await storage.beforeEach(seen, storage.requests.length);
      if (fate === 'pass') return INSTANT.call(what, effect, signal);
      if (fate === 'drop') throw new RestError('The connection was dropped.', { code: 'ECONNRESET' });
      throw new TypeError('A call that is held needs the real service, whose client gives up.');
    },
  };
  return {
    storage,
    tables,
    openTables: async () => rows.open(wire),
    async createClient(name, site, kind = 'radius') {
      const clients = new TableClientStore(tables.clients);
      const secret = systemRandom.hex(32);
      const sessionKey = await clients.sessionKeyOf(site, systemRandom.hex(32));
      const credentials = [credentialFor(secret, systemRandom.hex(16), new Date().toISOString())];
      await clients.create({ name, site, kind, sessionKey, credentials });
      return formatApiKey(name, secret);
    },
  };
}
