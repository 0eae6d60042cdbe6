// What a stranger learns from being refused: the same for the name of a client and for a name that no client has.

import { expect, test } from 'vitest';
import { CachedClientStore } from '../../../shared/adapters/memory/cached-client-store.ts';
import { createProvenSecrets } from '../../../shared/adapters/memory/proven-secrets.ts';
import { type Client, credentialFor, formatApiKey } from '../../../shared/domain/client.ts';
import { StoreError } from '../../../shared/errors.ts';
import { RefusalReport } from '../../../shared/http/refusal-report.ts';
import { authenticateClient } from '../../../shared/lookup/authenticate-client.ts';
import { ClientQuota } from '../../../shared/lookup/client-quota.ts';
import type { ClientStore } from '../../../shared/ports/client-store.ts';
import { seededRandom } from '../../simulation/seeded-random.ts';
import { standingClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const SECRET = 'a'.repeat(64);
const WRONG = 'b'.repeat(64);

function start() {
  const clock = standingClock();
  const random = seededRandom(1, 'clients');
  const client: Client = {
    name: 'radius-1',
    site: 'hq',
    kind: 'radius',
    sessionKey: '0'.repeat(64),
    credentials: [credentialFor(SECRET, random.hex(16), clock.now().toISOString())],
  };
  const state = { isAway: false, reads: [] as string[], client };
  const failIfAway = (): void => {
    if (state.isAway) throw new StoreError('NAC_STORE_UNAVAILABLE', 'away', { action: 'none' });
  };
  const store: ClientStore = {
    async read(name) {
      state.reads.push(name);
      failIfAway();
      return name === 'radius-1' ? state.client : undefined;
    },
    async names() {
      failIfAway();
      return ['radius-1'];
    },
    sessionKeyOf: async () => '',
    create: async () => undefined,
  };
  const deps = {
    clients: new CachedClientStore(store, clock),
    secrets: createProvenSecrets(random),
    refusals: { after: async () => 1 },
    quota: new ClientQuota(0),
    report: new RefusalReport(collectingLogger().logger),
    clock,
  };
  const ask = async (name: string, secret: string): Promise<number> => {
    try {
      await authenticateClient(deps, formatApiKey(name, secret), 'ask', {});
      return 200;
    } catch (thrown) {
      return (thrown as { readonly status?: number }).status ?? 503;
    }
  };
  return { state, clock, ask, client, random };
}

/** @returns how both names fare, asked one after the other, several times each */
async function bothNames(ask: ReturnType<typeof start>['ask']) {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let time = 0; time < 3; time++) {
    known.push(await ask('radius-1', WRONG));
    unknown.push(await ask('radius-2', WRONG));
  }
  return { known, unknown };
}

test('a wrong secret of a client and an unknown name are refused alike, and cost the store the same', async () => {
  const { ask, state } = start();
  await ask('radius-1', SECRET);
  state.reads.length = 0;
  const { known, unknown } = await bothNames(ask);
  expect(known).toEqual([401, 401, 401]);
  expect(unknown).toEqual(known);
  expect(state.reads.sort()).toEqual(['radius-1', 'radius-2']);
});

test('so they are while strangers use up what there is for unknown names', async () => {
  const { ask } = start();
  await ask('radius-1', SECRET);
  for (let name = 0; name < 200; name++) expect(await ask(`stranger-${name}`, WRONG)).toBe(401);
  const { known, unknown } = await bothNames(ask);
  expect(known).toEqual([401, 401, 401]);
  expect(unknown).toEqual(known);
  expect(await ask('radius-1', SECRET), 'the client itself').toBe(200);
});

test('so they are while the store is away', async () => {
  const { ask, state } = start();
  await ask('radius-1', SECRET);
  state.isAway = true;
  const { known, unknown } = await bothNames(ask);
  expect(known).toEqual([503, 503, 503]);
  expect(unknown).toEqual(known);
  expect(await ask('radius-1', SECRET), 'the client itself').toBe(200);
});

test('so they are while strangers use that up and the store is away', async () => {
  const { ask, state, clock } = start();
  await ask('radius-1', SECRET);
  for (let name = 0; name < 200; name++) await ask(`stranger-${name}`, WRONG);
  clock.advance(5_000);
  for (let name = 0; name < 200; name++) await ask(`stranger-${name}`, WRONG);
  state.isAway = true;
  clock.advance(5_000);
  for (let name = 0; name < 200; name++) await ask(`other-${name}`, WRONG);
  const { known, unknown } = await bothNames(ask);
  expect(known).toEqual([503, 503, 503]);
  expect(unknown).toEqual(known);
  expect(await ask('radius-1', SECRET), 'the client itself').toBe(200);
});

test('a key that was made after the client was read is good at once, or after five seconds of wrong ones', async () => {
  const { ask, state, clock, client, random } = start();
  await ask('radius-1', SECRET);
  const next = 'c'.repeat(64);
  await ask('radius-1', WRONG);
  const credentials = [...client.credentials, credentialFor(next, random.hex(16), clock.now().toISOString())];
  state.client = { ...client, credentials };
  expect(await ask('radius-1', next)).toBe(401);
  clock.advance(5_000);
  expect(await ask('radius-1', next)).toBe(200);
});
