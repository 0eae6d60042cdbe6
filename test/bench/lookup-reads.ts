// Point reads per lookup at two sizes of the fleet: counted by a proxy before the storage.

import { createApp } from '../../shared/app.ts';
import { readSettings } from '../../shared/settings.ts';
import { startStorageProxy } from '../support/storage-proxy.ts';
import { type LookupSite, lookupBody } from './lookup-site.ts';
import { OddAnswers } from './odd-answers.ts';

const LOOKUPS = 200;
/** Stations below this number have been asked for by the rest of the bench. */
const FIRST_UNTOUCHED = 600;
const SMALL = 1000;

export async function countReads(site: LookupSite, devices: number, print: (line: string) => void): Promise<void> {
  const small = await readsPerLookup(site, (index) => FIRST_UNTOUCHED + 2 * index);
  await site.grow(devices - SMALL);
  const step = Math.floor((devices - SMALL) / (2 * LOOKUPS));
  const large = await readsPerLookup(site, (index) => FIRST_UNTOUCHED + 2 * step * index + 1);
  for (const kind of ['cold', 'warm'] as const) {
    print(
      `reads: point reads per ${kind} lookup with ${SMALL} devices ${small[kind].toFixed(2)}, with ${devices} devices ${large[kind].toFixed(2)} (wanted: the same)`,
    );
  }
}

/**
 * @param station the n-th one
 * @returns reads of each of two lookups of the same stations, by an instance that knows nothing yet
 */
async function readsPerLookup(
  { storageConnection, apiKey }: LookupSite,
  station: (index: number) => number,
): Promise<{ readonly cold: number; readonly warm: number }> {
  const proxy = await startStorageProxy(
    Number(/:(\d+)\//.exec(storageConnection.split('TableEndpoint=')[1] ?? '')?.[1]),
  );
  const nilGuid = '00000000-0000-4000-8000-000000000000';
  const app = createApp(
    readSettings({
      ENTRA_TENANT_ID: nilGuid,
      ENTRA_CLIENT_ID: nilGuid,
      ENTRA_CLIENT_SECRET: 'not used: nothing is polled here',
      StorageConnection: proxy.connectionString,
    }),
    { log: { info: () => undefined, warn: () => undefined, error: () => undefined } },
  );
  const odd = new OddAnswers();
  const readsOfAll = async (): Promise<number> => {
    proxy.requests.length = 0;
    for (let index = 0; index < LOOKUPS; index++) {
      await odd.ask('lookup', LOOKUPS, () => app.lookup(apiKey, lookupBody(station(index))));
    }
    return proxy.requests.filter(({ writes, table }) => writes === 0 && table !== 'clients').length / LOOKUPS;
  };
  try {
    await app.lookup(apiKey, lookupBody(1));
    return { cold: await readsOfAll(), warm: await readsOfAll() };
  } finally {
    await app.close();
    await proxy.close();
  }
}
