// A site in virtual time with many NASes, some of them dead: app and relay as they ship, over services in memory. All
// its devices turn at once; what counts is when each station has got its new answer.

import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import { credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import { readSettings } from '../../shared/settings.ts';
import { appOf, connectorOf, runBackground, runRelay, type Services } from '../simulation/hosts.ts';
import { IntuneModel } from '../simulation/models/intune.ts';
import { Nas } from '../simulation/models/nas.ts';
import { RadiusProxy } from '../simulation/models/radius-proxy.ts';
import type { Station } from '../simulation/models/station.ts';
import { seededRandom } from '../simulation/seeded-random.ts';
import { Conditions } from '../simulation/services/conditions.ts';
import { MemoryServiceBus } from '../simulation/services/memory-service-bus.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { INSTANT } from '../simulation/services/wire.ts';
import { SimProcess } from '../simulation/sim-process.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';

export interface TurnedSite {
  readonly nases: number;
  readonly stationsPerNas: number;
  /** Every so many NASes the first one is dead; 0 for none. */
  readonly deadEvery: number;
}

export interface Enforced {
  /**
   * Seconds from the change to the new answer, in order, of the stations at NASes that are alive in every comparison.
   */
  readonly seconds: readonly number[];
  /** So many stations there are at those NASes. */
  readonly stations: number;
}

const SITE = 'hq';
const SEED = 7;
const MINUTE_MS = 60_000;
const CONNECTING_MS = 5 * MINUTE_MS;
const LONGEST_MS = 60 * MINUTE_MS;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const SETTINGS = readSettings({
  ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
  HARDWARE_MAX_AGE: 'off',
  MINIMUM_ASSURANCE: 'mac',
  WEAK_IDENTITY_ROLE: 'compliant',
  WEAK_IDENTITY_VLAN: '10',
  // The whole fleet turns: the breaker is not what is measured.
  MASS_CHANGE_DEVICES: '100000',
});

/**
 * @param comparedWith NASes that are dead by this count are left out of the result, so that two runs measure the same
 * ones
 * @throws Error when the stations did not connect
 */
export async function enforceTurnedSite(
  { nases: count, stationsPerNas, deadEvery }: TurnedSite,
  comparedWith: number,
): Promise<Enforced> {
  const time = new VirtualTime(Date.UTC(2026, 10, 30, 8));
  const conditions = new Conditions();
  const process = (name: string): SimProcess =>
    new SimProcess(name, time, conditions, seededRandom(SEED, name), () => undefined);
  // The largest pages that it has.
  const pages = { ...seededRandom(SEED, 'intune'), pick: <T>(from: readonly T[]): T => from.at(-1) as T };
  const intune = new IntuneModel(time, pages);
  const storage = new MemoryStorage(() => time.now);
  const services: Services = { storage, bus: queuesOf(time), intune };
  const http = process('http');
  const connector = connectorOf(http, appOf(http, SETTINGS, services, QUIET));
  const proxy = new RadiusProxy(
    SITE,
    { failMode: 'closed', connector: () => connector },
    time,
    seededRandom(SEED, 'proxy'),
  );
  proxy.apiKey = await apiKeyIn(storage);
  const nases = Array.from({ length: count }, (_, index) => nasAt(index, proxy, time));
  const stations = nases.flatMap((nas, index) =>
    Array.from({ length: stationsPerNas }, (_, port) => ({ nas, index, port, station: stationOf(index, port) })),
  );
  for (const { station } of stations) intune.put(deviceOf(station, 'compliant'));

  const background = process('background');
  const failures: unknown[] = [];
  runBackground(background, appOf(background, SETTINGS, services, QUIET), services.bus, (thrown) =>
    failures.push(thrown),
  );
  runRelay(process('relay'), SITE, nases, services.bus, QUIET);
  // After the first sweep, and not all in the same moment.
  await time.runUntil(time.now + 2 * MINUTE_MS);
  for (const [order, { nas, station, port }] of stations.entries()) {
    time.after(order * 20, () => nas.connect(station, `Gi1/0/${port + 1}`));
  }
  await time.runUntil(time.now + CONNECTING_MS);
  const isLet = (station: Station): boolean => {
    const session = nases
      .flatMap((nas) => (nas === station.place?.nas ? nas.sessions() : []))
      .find((one) => one.station === station);
    return session !== undefined && Nas.inForce(session)?.standing === 'compliant';
  };
  if (!stations.every(({ station }) => isLet(station))) throw new Error('Not every station was let in.');

  for (const [index, nas] of nases.entries()) {
    if (deadEvery > 0 && index % deadEvery === 0) nas.coaTrouble = 'dead';
  }
  for (const { station } of stations) intune.put(deviceOf(station, 'noncompliant'));
  const turnedAt = time.now;
  const measured = new Set(
    stations.filter(({ index }) => index % comparedWith !== 0).map(({ station }) => `${station.mac} mab`),
  );
  const answeredAt = new Map<string, number>();
  proxy.onAnswer = (identity, { standing }) => {
    if (standing !== 'noncompliant' || !measured.has(identity) || answeredAt.has(identity)) return;
    answeredAt.set(identity, (time.now - turnedAt) / 1000);
  };
  while (answeredAt.size < measured.size && time.now < turnedAt + LONGEST_MS) await time.runUntil(time.now + 1_000);
  if (failures.length > 0) throw failures[0];
  return { seconds: [...answeredAt.values()].toSorted((one, other) => one - other), stations: measured.size };
}

function queuesOf(time: VirtualTime): MemoryServiceBus {
  const queue = {
    lockDurationMs: 30_000,
    maxDeliveryCount: 10,
    duplicateDetectionWindowMs: 600_000,
    deadLetterOnExpiry: true,
  };
  return new MemoryServiceBus(
    [
      { name: 'coa-results', ...queue },
      { name: `coa-${SITE}`, requiresSession: true, ...queue },
    ],
    { now: () => time.now, after: (milliseconds, ring) => time.after(milliseconds, ring) },
  );
}

async function apiKeyIn(storage: MemoryStorage): Promise<string> {
  const clients = new TableClientStore(storage.open(INSTANT).clients);
  const random = seededRandom(SEED, 'keys');
  const secret = random.hex(32);
  const sessionKey = await clients.sessionKeyOf(SITE, random.hex(32));
  const credentials = [credentialFor(secret, random.hex(16), '2026-11-30T08:00:00.000Z')];
  await clients.create({ name: 'radius', site: SITE, kind: 'radius', sessionKey, credentials });
  return formatApiKey('radius', secret);
}

function nasAt(index: number, proxy: RadiusProxy, time: VirtualTime): Nas {
  const name = `sw${index}`;
  const traits = {
    kind: 'switch',
    profile: 'generic-rfc5176',
    sendsClass: true,
    sendsAccounting: true,
    announcesRestarts: true,
    interimMs: undefined,
    namesSessionInRequest: false,
    namesAuditSession: false,
  } as const;
  const address = `10.1.${index >> 8}.${index & 255}`;
  return new Nas(name, address, proxy, traits, time, seededRandom(SEED, name));
}

function stationOf(nas: number, port: number): Station {
  const mac = `a0b1${nas.toString(16).padStart(4, '0')}${port.toString(16).padStart(4, '0')}`;
  return { name: mac, mac, device: undefined, credentials: ['mab'], place: undefined };
}

function deviceOf({ mac }: Station, complianceState: 'compliant' | 'noncompliant') {
  return { id: `00000000-0000-4000-8000-${mac}`, complianceState, wifiMac: mac, serialNumber: `SN${mac}` };
}
