// How long clients are remembered, and what strangers' names may cost.

import { expect, test } from 'vitest';
import { CachedClientStore } from '../../../../shared/adapters/memory/cached-client-store.ts';
import { ClientNames } from '../../../../shared/adapters/memory/client-names.ts';
import type { Client } from '../../../../shared/domain/client.ts';
import { StoreError } from '../../../../shared/errors.ts';
import type { ClientStore } from '../../../../shared/ports/client-store.ts';
import { standingClock } from '../../../support/adjustable-clock.ts';

const RADIUS: Client = {
  name: 'radius-1',
  site: 'hq',
  kind: 'radius',
  sessionKey: '0'.repeat(64),
  credentials: [],
};
const MINUTE_MS = 60_000;

function store(clients: Map<string, Client>) {
  const state = { reads: 0, lists: 0, fails: false };
  const failure = () => new StoreError('NAC_STORE_UNAVAILABLE', 'it fails', { action: 'none' });
  const inner: ClientStore = {
    async read(name) {
      state.reads += 1;
      if (state.fails) throw failure();
      return clients.get(name);
    },
    async names() {
      state.lists += 1;
      if (state.fails) throw failure();
      return [...clients.keys()];
    },
    sessionKeyOf: async () => '',
    create: async () => {},
  };
  return { state, inner };
}

test('a known client is read once a minute', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = standingClock();
  const cache = new CachedClientStore(inner, clock);
  for (let time = 0; time < 5; time++) expect(await cache.read('radius-1')).toBe(RADIUS);
  expect(state.reads).toBe(1);
  clock.advance(MINUTE_MS);
  await cache.read('radius-1');
  expect(state.reads).toBe(2);
});

test('a known client survives a store that fails for some minutes, and no longer', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = standingClock();
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
  const clock = standingClock();
  const cache = new CachedClientStore(inner, clock);
  await cache.read('radius-1');
  clients.clear();
  clock.advance(MINUTE_MS);
  expect(await cache.read('radius-1')).toBeUndefined();
});

test('100,000 made-up names cost a bounded number of reads and displace no client', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const clock = standingClock();
  const cache = new CachedClientStore(inner, clock);
  await cache.read('radius-1');
  for (let name = 0; name < 100_000; name++) expect(await cache.read(`stranger-${name}`)).toBeUndefined();
  const seconds = 10;
  expect(state.lists).toBeLessThanOrEqual(1 + seconds / 5);
  expect(state.reads).toBeLessThan(1 + 40 + 20 * seconds);
  const before = state.reads;
  await cache.read('radius-1');
  expect(state.reads).toBe(before);
});

test('a client that an instance meets in a crowd is read once for all, and is known to all', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const cache = new CachedClientStore(inner, standingClock());
  const asked = Array.from({ length: 500 }, () => cache.read('radius-1'));
  expect(new Set(await Promise.all(asked))).toEqual(new Set([RADIUS]));
  expect(state.reads).toBe(1);
});

test('a client that an instance meets in a flood of made-up names is found, and no name makes a failure', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const cache = new CachedClientStore(inner, standingClock());
  const strangers = Array.from({ length: 2_000 }, (_, name) => cache.read(`stranger-${name}`));
  expect(await cache.read('radius-1')).toBe(RADIUS);
  expect(new Set(await Promise.all(strangers))).toEqual(new Set([undefined]));
  expect(state).toEqual({ reads: 41, lists: 1, fails: false });
});

test('a client made in a flood of made-up names is known within five seconds', async () => {
  const clients = new Map<string, Client>();
  const { inner } = store(clients);
  const clock = standingClock();
  const cache = new CachedClientStore(inner, clock);
  const flood = () => Promise.all(Array.from({ length: 200 }, (_, name) => cache.read(`stranger-${name}`)));
  await flood();
  clients.set('radius-1', RADIUS);
  clock.advance(5_000);
  await flood();
  expect(await cache.read('radius-1')).toBe(RADIUS);
});

test('of a store that fails, names that are judged by the list are no unknown ones: the failure is the answer', async () => {
  const { state, inner } = store(new Map([['radius-1', RADIUS]]));
  const cache = new CachedClientStore(inner, standingClock());
  state.fails = true;
  const asked = await Promise.allSettled(Array.from({ length: 200 }, (_, name) => cache.read(`name-${name}`)));
  expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['rejected']));
});

test('where the time of the one who asked for the list first was up, the others read it again', async () => {
  const { inner } = store(new Map([['radius-1', RADIUS]]));
  const first = new AbortController();
  let lists = 0;
  const slow: ClientStore = {
    ...inner,
    async names() {
      lists += 1;
      if (lists > 1) return ['radius-1'];
      return new Promise((_, reject) => {
        first.signal.addEventListener('abort', () => reject(new Error('its time is up')));
      });
    },
  };
  const names = new ClientNames(slow);
  const early = names.has('radius-1', 0, { signal: first.signal });
  const others = [names.has('radius-1', 0, {}), names.has('stranger', 0, {})];
  first.abort();
  await expect(early).rejects.toThrow('its time is up');
  expect(await Promise.all(others)).toEqual([true, false]);
  expect(lists).toBe(2);
});
