// The product in this process over tables and a Service Bus in memory, in virtual time: two instances that answer, one
// that works in the background, a handful of stored devices, and clients of every kind.

import { setImmediate } from 'node:timers/promises';
import { RestError } from '@azure/data-tables';
import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import { type App, createApp } from '../../shared/app.ts';
import { type Client, credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import type { EnforcementJob } from '../../shared/domain/coa/enforcement-job.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import { identitiesOf } from '../../shared/domain/device/device-identities.ts';
import type { LookupAnswer } from '../../shared/lookup/answer-lookup.ts';
import { readSettings } from '../../shared/settings.ts';
import { MemoryServiceBus } from '../simulation/services/memory-service-bus.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { INSTANT, type Signal, type Wire } from '../simulation/services/wire.ts';
import { clockOf, VirtualTime } from '../simulation/virtual-time.ts';
import { aDevice, aMac } from './a-device.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';

export const BEGIN = Date.UTC(2026, 10, 30, 8);
export const COMPLIANT = 'a0a0a0a0-0000-4000-8000-000000000001';
export const NONCOMPLIANT = 'b0b0b0b0-0000-4000-8000-000000000002';
/** Entra's id of the compliant one. */
export const COMPLIANT_ENTRA = 'c0c0c0c0-0000-4000-8000-000000000003';
export const SECRET = '5'.repeat(64);

const ENV = {
  ENTRA_TENANT_ID: COMPLIANT,
  ENTRA_CLIENT_ID: COMPLIANT,
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
  MINIMUM_ASSURANCE: 'mac',
  LIVE_QUERIES_PER_SECOND: '0',
  LOG_IDENTITY_PRIVACY: 'FullyKeyHashed',
};

const DEVICES: readonly Device[] = [
  aDevice({
    id: COMPLIANT,
    entraDeviceId: COMPLIANT_ENTRA,
    name: 'LT-1',
    wifiMac: aMac('a0b1c2d3e401'),
    serialNumber: 'SN1',
  }),
  aDevice({
    id: NONCOMPLIANT,
    name: 'LT-2',
    wifiMac: aMac('a0b1c2d3e402'),
    serialNumber: 'SN2',
    complianceState: 'noncompliant',
  }),
];

export interface OverriddenSite {
  readonly time: VirtualTime;
  readonly tables: Tables;
  /** Two instances that answer, each with a memory of its own. */
  readonly instances: readonly [App, App];
  readonly background: App;
  readonly log: LogEntry[];
  /** Calls to the store by instance, e.g. `policies.listEntities`. */
  readonly calls: readonly [string[], string[]];
  /** Calls of the instances that begin so fail. */
  readonly store: { fails: string };
  /** Calls of the background that begin so take so long, or until they are ended. */
  readonly slow: { call: string; milliseconds: number; fails?: boolean };
  /** How far the clock of the first instance is behind. */
  readonly behind: { milliseconds: number };
  /**
   * By name of the client: `admin` and `ops-all` of all sites, `ops-hq` of one, `auditor`, `radius-hq`,
   * `radius-branch`.
   */
  key(name: string): string;
  override(body: Record<string, unknown>, name?: string): ReturnType<App['makeOverride']>;
  /** @param fields of a question by MAB with the address of the first device, unless they say otherwise */
  ask(fields?: Record<string, unknown>, options?: { instance?: 0 | 1; client?: string }): Promise<LookupAnswer>;
  /** Who is refused waits: time passes until then. */
  refused<T>(work: Promise<T>): Promise<T>;
  /** Time passes, and the enforcement timer has its rounds. */
  pass(milliseconds: number): Promise<void>;
  jobs(): Promise<readonly EnforcementJob[]>;
}

export async function overriddenSite(env: Record<string, string> = {}): Promise<OverriddenSite> {
  const time = new VirtualTime(BEGIN);
  const clock = clockOf(
    (milliseconds, ring) => time.after(milliseconds, ring),
    () => time.now,
    () => 0,
  );
  const storage = new MemoryStorage(() => time.now);
  const tables = storage.open(INSTANT);
  const bus = new MemoryServiceBus(
    [...['hq', 'branch'].map((site) => ({ name: `coa-${site}`, requiresSession: true })), { name: 'coa-results' }],
    { now: () => time.now, after: (milliseconds, ring) => time.after(milliseconds, ring) },
  );
  const settings = readSettings({ ...ENV, ...env });
  const { logger: log, entries } = collectingLogger();
  const store = { fails: 'nothing' };
  const behind = { milliseconds: 0 };
  const late = clockOf(
    (milliseconds, ring) => time.after(milliseconds, ring),
    () => time.now - behind.milliseconds,
    () => 0,
  );
  const appOver = (wire: Wire, ofApp = clock): App =>
    createApp(settings, {
      clock: ofApp,
      timer: ofApp,
      log,
      onChange: async () => undefined,
      openTables: async () => storage.open(wire),
      connectServiceBus: () => bus.connect(INSTANT),
      openIntune: () => {
        throw new Error('Intune is not asked here');
      },
    });
  const calls: [string[], string[]] = [[], []];
  const instances = calls.map((made, index) => {
    const wire: Wire = {
      async call(what, effect) {
        made.push(what);
        if (what.startsWith(store.fails)) throw new RestError('away', { code: 'ECONNREFUSED' });
        return effect();
      },
    };
    return appOver(wire, index === 0 ? late : clock);
  }) as unknown as [App, App];
  const slow = { call: 'nothing', milliseconds: 0, fails: false };
  const background = appOver({
    async call(what, effect, signal) {
      if (what.startsWith(slow.call) && slow.fails) throw new RestError('away', { code: 'ECONNREFUSED' });
      if (what.startsWith(slow.call)) await later(time, slow.milliseconds, signal);
      return INSTANT.call(what, effect, signal);
    },
  });
  await storeDevices(tables);
  await createClients(tables);
  const key = (name: string): string => formatApiKey(name, SECRET);
  const letPass = async <T>(work: Promise<T>, stepMs: number): Promise<T> => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    work.then(end, end);
    while (!isOver) {
      await setImmediate();
      await time.runUntil(time.now + stepMs);
    }
    return work;
  };
  const site: OverriddenSite = {
    refused: (work) => letPass(work, 100),
    time,
    tables,
    instances,
    background,
    log: entries,
    calls,
    store,
    slow,
    behind,
    key,
    override: (body, name = 'admin') => {
      const rest = { until: '4h', reason: 'stolen', ...body };
      return background.makeOverride(key(name), JSON.stringify(rest));
    },
    ask(fields = {}, { instance = 0, client = 'radius-hq' } = {}) {
      const mac = String(fields['mac'] ?? 'a0b1c2d3e401');
      const { mac: _, ...others } = fields;
      const question = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1', ...others };
      return instances[instance].lookup(key(client), JSON.stringify(question));
    },
    async pass(milliseconds) {
      const end = time.now + milliseconds;
      while (time.now < end) {
        await time.runUntil(Math.min(end, time.now + 10_000));
        await letPass(background.enforce(), 10);
      }
    },
    jobs: async () => (await background.jobs(key('admin'), [])).jobs,
  };
  return site;
}

function later(time: VirtualTime, milliseconds: number, signal: Signal | undefined): Promise<void> {
  return new Promise((resolve) => {
    time.after(milliseconds, resolve);
    signal?.addEventListener('abort', () => resolve());
  });
}

/** @param devices that are stored beside those that are there */
export async function storeDevices(tables: Tables, stored: readonly Device[] = DEVICES): Promise<void> {
  const identities = new TableIdentityStore(tables.identities);
  const devices = new TableDeviceStore(tables.devices);
  const observedAt = new Date(BEGIN).toISOString();
  await devices.write(
    stored.map((device) => ({
      record: { device, presence: 'present', version: 1, observedAt, indexed: true },
      retiredIdentities: [],
    })),
  );
  await identities.addOwners(
    stored.flatMap((device) => identitiesOf(device).map((identity) => ({ identity, device }))),
  );
}

/** Intune does not have them any more. */
export async function removeDevices(tables: Tables, ids: readonly string[]): Promise<void> {
  const devices = new TableDeviceStore(tables.devices);
  for (const id of ids) {
    const stored = await devices.read({ source: 'intune', id });
    if (stored === undefined) throw new Error(`There is no ${id}`);
    const { etag, ...record } = stored;
    const gone = { ...record, presence: 'gone' as const, version: record.version + 1 };
    await devices.write([{ record: gone, retiredIdentities: [], replaces: etag }]);
  }
}

async function createClients(tables: Tables): Promise<void> {
  const clients = new TableClientStore(tables.clients);
  const made: [string, string, Client['kind'], { everySite?: true }?][] = [
    ['ops-all', 'hq', 'operator', { everySite: true }],
    ['admin', 'hq', 'administrator'],
    ['ops-hq', 'hq', 'operator'],
    ['ops-branch', 'branch', 'operator'],
    ['auditor', 'hq', 'auditor'],
    ['radius-hq', 'hq', 'radius'],
    ['radius-branch', 'branch', 'radius'],
  ];
  for (const [name, site, kind, reach] of made) {
    const sessionKey = await clients.sessionKeyOf(site, site.padEnd(64, '0'));
    const credentials = [credentialFor(SECRET, '0'.repeat(32), new Date(BEGIN).toISOString())];
    await clients.create({ name, site, kind, ...reach, sessionKey, credentials });
  }
}
