// Point reads per lookup at two sizes of the fleet: counted by a proxy before the storage.

import { setTimeout } from 'node:timers/promises';
import { type App, createApp } from '../../shared/app.ts';
import { readSettings, type Settings } from '../../shared/settings.ts';
import { startStorageProxy } from '../support/storage-proxy.ts';
import { type LookupSite, lookupBody } from './lookup-site.ts';

const LOOKUPS = 200;
const SMALL = 1000;

/** Stations below this number have been asked for by the rest of the bench. */
const FIRST_UNTOUCHED = 600;
/** What was told a moment ago counts only once it has settled (shared/lookup/told-before.ts). */
const SETTLED_AFTER_MS = 2_100;

const NAMES = {
  first: 'cold (nobody has met the station)',
  told: 'cold (another instance has met the station)',
  warm: 'warm',
} as const;
type Reads = Readonly<Record<keyof typeof NAMES, number>>;

export async function countReads(site: LookupSite, devices: number, print: (line: string) => void): Promise<void> {
  const even = (index: number): number => FIRST_UNTOUCHED + 2 * index;
  const small = await readsPerLookup(site, even);
  await site.grow(devices - SMALL);
  const step = Math.floor((devices - SMALL) / (2 * LOOKUPS));
  const large = await readsPerLookup(site, (index) => FIRST_UNTOUCHED + 2 * step * index + 1);
  for (const kind of ['first', 'told', 'warm'] as const) {
    print(
      `reads: point reads per ${NAMES[kind]} lookup with ${SMALL} devices ${small[kind].toFixed(2)}, with ${devices} devices ${large[kind].toFixed(2)} (wanted: the same)`,
    );
  }
}

/** @param station the n-th one, of which each is asked for three times */
async function readsPerLookup(site: LookupSite, station: (index: number) => number): Promise<Reads> {
  const proxy = await startStorageProxy(portOf(site.storageConnection));
  const readsOfAll = async (app: App): Promise<number> => {
    proxy.requests.length = 0;
    for (let index = 0; index < LOOKUPS; index++) await app.lookup(site.apiKey, lookupBody(station(index)));
    return proxy.requests.filter(({ writes, table }) => writes === 0 && table !== 'clients').length / LOOKUPS;
  };
  const open = async (): Promise<App> => {
    const app = createApp(settings(proxy.connectionString), { log: SILENT });
    // Client, policy and age of the fleet are read once for all.
    await app.lookup(site.apiKey, lookupBody(1));
    return app;
  };
  const [one, other] = [await open(), await open()];
  try {
    const first = await readsOfAll(one);
    const warm = await readsOfAll(one);
    await setTimeout(SETTLED_AFTER_MS);
    return { first, warm, told: await readsOfAll(other) };
  } finally {
    await one.close();
    await other.close();
    await proxy.close();
  }
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

function portOf(connectionString: string): number {
  return Number(/:(\d+)\//.exec(connectionString.split('TableEndpoint=')[1] ?? '')?.[1]);
}

function settings(storageConnection: string): Settings {
  const nobody = '00000000-0000-4000-8000-000000000000';
  return readSettings({
    ENTRA_TENANT_ID: nobody,
    ENTRA_CLIENT_ID: nobody,
    ENTRA_CLIENT_SECRET: 'not used: nothing is polled here',
    StorageConnection: storageConnection,
  });
}
