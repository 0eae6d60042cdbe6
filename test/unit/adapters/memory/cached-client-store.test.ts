// How long clients are remembered, and what strangers' names may cost.

import { expect, test } from 'vitest';
import { CachedClientStore } from '../../../../shared/adapters/memory/cached-client-store.ts';
import type { Client } from '../../../../shared/domain/client.ts';
import { StoreError } from '../../../../shared/errors.ts';
import type { ClientStore } from '../../../../shared/ports/client-store.ts';
import { adjustableClock } from '../../../support/adjustable-clock.ts';

const RADIUS: Client = {
  name: 'radius-1',
  site: 'hq',
  kind: 'radius',
  sessionKey: '0'.repeat(64),
  credentials: [],
};
const MINUTE_MS = 60_000;

function store(clients: Map<string, Client>) {
  const state = { reads: 0, fails: false };
  const inner: ClientStore = {
    async read(name) {
      state.reads += 1;
      if (state.fails) throw new StoreError('NAC_STORE_UNAVAILABLE', 'it fails', { action: 'none' });
      return clients.get(name);
    },
    sessionKeyOf: async () => '',
    create: async () => {},
  };
  return { state, inner };
}

test('a known client is read once a minute', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = adjustableClock();
  const cache = new CachedClientStore(inner, clock);
  for (let time = 0; time < 5; time++) expect(await cache.read('radius-1')).toBe(RADIUS);
  expect(state.reads).toBe(1);
  clock.advance(MINUTE_MS);
  await cache.read('radius-1');
  expect(state.reads).toBe(2);
});

test('a known client survives a store that fails for some minutes, and no longer', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = adjustableClock();
  const cache = new CachedClientStore(inner, clock);
  await cache.read('radius-1');
  state.fails = true;
  clock.advance(5 * MINUTE_MS);
  expect(await cache.read('radius-1')).toBe(RADIUS);
  clock.advance(6 * MINUTE_MS);
  await expect(cache.read('radius-1')).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
});

test('a client that was revoked is gone after a minute', async () => {
  const clients = new Map([['radius-1', RADIUS]]);
  const { inner } = store(clients);
  const clock = adjustableClock();
  const cache = new CachedClientStore(inner, clock);
  await cache.read('radius-1');
  clients.clear();
  clock.advance(MINUTE_MS);
  expect(await cache.read('radius-1')).toBeUndefined();
});

test('100,000 made-up names cost a bounded number of reads and displace no client', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = adjustableClock();
  const cache = new CachedClientStore(inner, clock);
  await cache.read('radius-1');
  for (let name = 0; name < 100_000; name++) await cache.read(`stranger-${name}`).catch(() => undefined);
  const seconds = 10;
  expect(state.reads).toBeLessThan(1 + 40 + 20 * seconds);
  const before = state.reads;
  await cache.read('radius-1');
  expect(state.reads).toBe(before);
});

test('a client that an instance meets in a crowd is read once for all, and is known to all', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const cache = new CachedClientStore(inner, adjustableClock());
  const asked = Array.from({ length: 500 }, () => cache.read('radius-1'));
  expect(new Set(await Promise.all(asked))).toEqual(new Set([RADIUS]));
  expect(state.reads).toBe(1);
});

test('a client that strangers leave no read for is not called unknown: it is asked to come again', async () => {
  const { inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = adjustableClock();
  const cache = new CachedClientStore(inner, clock);
  for (let name = 0; name < 200; name++) await cache.read(`stranger-${name}`).catch(() => undefined);
  await expect(cache.read('radius-1')).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
  clock.advance(1_000);
  expect(await cache.read('radius-1')).toBe(RADIUS);
});
