// A poll that dies before any request to the store that matters: after the next run the store is what it would have
// been, and every change was handed on at least once. The store is in memory, the tenant real over HTTPS;
// test/integration/polling/killed.test.ts does the same to real processes over Azurite, at a few points.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startIntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import { createApp } from '../../../shared/app.ts';
import { readSettings } from '../../../shared/settings.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT, type Wire } from '../../simulation/services/wire.ts';
import { type AdjustableClock, adjustableClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import {
  expectSameWhereverItDies,
  PLANS,
  type Plan,
  type Scenario,
  TENANT,
  twoSweeps,
} from '../../support/polls-that-die.ts';

const never = new Promise<never>(() => undefined);
const WRITES = /\.(create|update|upsert|delete|submit)/;

interface Life {
  alive: boolean;
}

const EVERY = { timeout: 240_000 };

test('a sweep: the same store and no change lost, wherever it dies', EVERY, () =>
  expectSameWhereverItDies(
    PLANS.sweep,
    () => startInMemory(PLANS.sweep),
    (points) => points,
  ),
);

// The other two share most of their writes with the sweep: every second point, the even ones and the odd ones.
test('a sweep that trips the breaker: the same is held and nothing let through, wherever it dies', EVERY, () =>
  expectSameWhereverItDies(
    PLANS.breaker,
    () => startInMemory(PLANS.breaker),
    (points) => points.filter((_, at) => at % 2 === 0),
  ),
);

test('a look at changed devices: nothing lost and no sweep misled, wherever it dies', EVERY, () =>
  expectSameWhereverItDies(
    PLANS['changed devices'],
    () => startInMemory(PLANS['changed devices']),
    (points) => points.filter((_, at) => at % 2 === 1),
  ),
);

async function startInMemory(plan: Plan): Promise<Scenario> {
  const stack = new AsyncDisposableStack();
  const tenant = await startIntuneTenant(TENANT);
  stack.defer(() => tenant.close());
  const folder = await mkdtemp(join(tmpdir(), 'nac-dies-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const caFile = join(folder, 'tenant-ca.pem');
  await writeFile(caFile, tenant.caPem);
  const settings = readSettings({
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_SECRET: tenant.clientSecret,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    EXTRA_CA_FILE: caFile,
    StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
    POLLING_INTERVAL: '60m',
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
    FAST_LANE: 'off',
    ...plan.env,
  });
  const storage = new MemoryStorage(() => Date.now());
  const handedOn: string[] = [];
  const start = (aheadMs: number, wire: Wire, life: Life) => {
    const clock = adjustableClock();
    clock.advance(aheadMs);
    const app = createApp(settings, {
      clock: endingWith(life, clock),
      log: collectingLogger().logger,
      mostRemembered: 100,
      openTables: async () => storage.open(wire),
      onChange: async ({ source, id, version }) => {
        if (life.alive) handedOn.push(`${source}|${id}|${version}`);
      },
    });
    // One that died would wait for work that never ends.
    stack.defer(() => (life.alive ? app.close() : void app.close()));
    return app.poll(60_000);
  };
  const poll = (aheadMs: number) => start(aheadMs, INSTANT, { alive: true });
  await twoSweeps(tenant.fleet, plan, poll);
  handedOn.length = 0;
  return {
    fleet: tenant.fleet,
    tables: storage.open(INSTANT),
    poll,
    pollAndDie: async (aheadMs, killAt) => {
      const writes: boolean[] = [];
      const life = { alive: true };
      const { promise: death, resolve: die } = Promise.withResolvers<'dead'>();
      const wire: Wire = {
        call(what, effect, signal) {
          if (!life.alive) return never;
          writes.push(WRITES.test(what));
          if (writes.length - 1 !== killAt) return INSTANT.call(what, effect, signal);
          life.alive = false;
          die('dead');
          return never;
        },
      };
      const end = await Promise.race([start(aheadMs, wire, life), death]);
      expect(end === 'dead', `death at request ${killAt}`).toBe(killAt !== undefined);
      return writes;
    },
    handedOn: async () => [...new Set(handedOn)].sort(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** No deadline of a process passes after its end. */
function endingWith(life: Life, clock: AdjustableClock): AdjustableClock {
  return {
    ...clock,
    within: (milliseconds, work) => clock.within(milliseconds, (deadline) => (life.alive ? work(deadline) : never)),
  };
}
