// A lookup as the function asks it, over tables in memory: the whole app but for the network, in milliseconds.

import { RestError } from '@azure/data-tables';
import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import { type App, createApp } from '../../shared/app.ts';
import { credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import { identitiesOf } from '../../shared/domain/device/device-identities.ts';
import { toInstant } from '../../shared/domain/instant.ts';
import type { LookupAnswer } from '../../shared/lookup/answer-lookup.ts';
import type { Logger } from '../../shared/ports/telemetry.ts';
import { readSettings } from '../../shared/settings.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { INSTANT, type Wire } from '../simulation/services/wire.ts';
import { type AdjustableClock, adjustableClock } from './adjustable-clock.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';

const ENV = {
  ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  POLLING_INTERVAL: '60m',
  LIVE_QUERIES_PER_SECOND: '0',
  LOG_IDENTITY_PRIVACY: 'Original',
};

export interface LookupInMemory {
  readonly app: App;
  /** Key of an administrator. */
  readonly administrator: string;
  readonly clock: AdjustableClock;
  readonly log: Logger;
  /** What was logged. */
  readonly lines: readonly LogEntry[];
  /** Whose calls are counted. */
  readonly tables: Tables;
  /** Calls to the tables by name, e.g. `devices.getEntity`, in order. */
  readonly calls: string[];
  /** Calls that fail, by the beginnings of their names. */
  readonly failing: Set<string>;
  /** Puts a device into the store, with its pointers. */
  store(...devices: Device[]): Promise<void>;
  /** Puts a policy into force. */
  enforce(policy: string): Promise<void>;
  /** Asks as a RADIUS server of the site `hq`. */
  ask(question: object): Promise<LookupAnswer>;
  /** What the network gets, in one word: the role, or `deny`; and the problems. */
  answerTo(question: object): Promise<{ readonly role: string; readonly problems: readonly string[] }>;
}

export async function lookupInMemory(env: Readonly<Record<string, string>> = {}): Promise<LookupInMemory> {
  const clock = adjustableClock();
  const { logger, entries } = collectingLogger();
  const storage = new MemoryStorage(() => clock.now().getTime());
  const calls: string[] = [];
  const failing = new Set<string>();
  const counting: Wire = {
    async call(what, effect, signal) {
      calls.push(what);
      if ([...failing].some((begin) => what.startsWith(begin))) {
        throw new RestError('The server is out of order.', { statusCode: 500, code: 'InternalError' });
      }
      return INSTANT.call(what, effect, signal);
    },
  };
  const tables = storage.open(INSTANT);
  const app = createApp(readSettings({ ...ENV, ...env }), {
    clock,
    log: logger,
    openTables: async () => storage.open(counting),
  });
  const clients = new TableClientStore(tables.clients);
  const devices = new TableDeviceStore(tables.devices);
  const identities = new TableIdentityStore(tables.identities);
  const add = async (name: string, kind: 'radius' | 'administrator'): Promise<string> => {
    const secret = name.padEnd(64, '0').replace(/[^0-9a-f]/g, '0');
    const credentials = [credentialFor(secret, 'ab'.repeat(16), toInstant(clock.now()))];
    await clients.create({ name, site: 'hq', kind, sessionKey: 'cd'.repeat(32), credentials });
    return formatApiKey(name, secret);
  };
  const [apiKey, administrator] = [await add('radius', 'radius'), await add('ada', 'administrator')];
  let versions = 0;
  const ask = (question: object): Promise<LookupAnswer> => app.lookup(apiKey, JSON.stringify(question));
  return {
    app,
    administrator,
    clock,
    log: logger,
    lines: entries,
    tables: storage.open(counting),
    calls,
    failing,
    async store(...stored) {
      const observedAt = toInstant(clock.now());
      await devices.write(
        stored.map((device) => ({
          record: { device, presence: 'present', version: 1, observedAt, indexed: true },
          retiredIdentities: [],
        })),
      );
      await identities.addOwners(
        stored.flatMap((device) => identitiesOf(device).map((identity) => ({ identity, device }))),
      );
    },
    async enforce(policy) {
      versions += 1;
      const admin = await app.policies(administrator);
      await admin.upload(`v${versions}`, policy);
      await admin.activate(`v${versions}`);
      clock.advance(61_000);
    },
    ask,
    async answerTo(question) {
      const { decision } = await ask(question);
      const { outcome, problems } = decision;
      return { role: outcome.verdict === 'permit' ? outcome.role : 'deny', problems };
    },
  };
}
