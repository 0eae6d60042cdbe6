// A process that ends while it polls: it stores how far it is and gives up its leases, so that the next one goes on at
// once.

import { expect, test, vi } from 'vitest';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { createApp } from '../../../shared/app.ts';
import { readComparison } from '../../../shared/enforcement/comparison-task.ts';
import { CHANGED_DEVICES_TASK } from '../../../shared/polling/between-sweeps/changed-devices.ts';
import type { TaskState } from '../../../shared/polling/tasks/background-task.ts';
import type { Leased } from '../../../shared/polling/tasks/lease.ts';
import { readSettings } from '../../../shared/settings.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { MINUTE_MS, startEnforcement } from '../enforcement/enforcement-fixture.ts';

const SLICE_MS = 120_000;
/** Of a machine that does much else. */
const PATIENCE_MS = 20_000;
const FLEET = { fleetSize: 60, pageSize: 20 };

/** A new instance of the app that knows nothing but the store, as another host of the same moment. */
function nextHost({ env, clock }: ConnectorFixture) {
  const events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (event: string, fields: Record<string, unknown> = {}): void => void events.push({ event, fields });
  const app = createApp(readSettings(env), { clock, log: { info: note, warn: note, error: note } });
  return { app, events, [Symbol.asyncDispose]: () => app.close() };
}

test('a sweep that waits for a page stores its checkpoint, and the next process reads on from there', async () => {
  await using nac = await startConnector({ tenant: FLEET });
  nac.tenant.script({ target: 'page', page: 3, hang: true });
  const slice = nac.app.poll(SLICE_MS);
  await vi.waitFor(async () => {
    // Its records are stored, so the second page has been taken.
    const id = nac.tenant.fleet.list({ limit: 40 }).value.at(-1)?.id ?? '';
    expect(await nac.devices.read({ source: 'intune', id })).toBeDefined();
    expect(nac.tenant.stats().scripted.page).toBe(1);
  }, PATIENCE_MS);
  await nac.app.close();
  expect(await slice).toEqual({ kind: 'sliced' });
  const { state } = await nac.sweeps.read();
  expect([state.owner, state.run?.pages, state.run?.devices]).toEqual([undefined, 2, 40]);

  await using next = nextHost(nac);
  expect(await next.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
  expect(next.events.find(({ event }) => event === 'poll.run')?.fields).toMatchObject({
    id: state.run?.id,
    slices: 2,
    pages: 3,
    devices: 60,
    failures: 0,
  });
});

test('a task that waits for Graph is given up without counting as a failure', async () => {
  await using nac = await startConnector({ tenant: FLEET, env: { CHANGED_DEVICES_INTERVAL: '1m' } });
  await nac.app.poll(SLICE_MS);
  nac.clock.advance(2 * MINUTE_MS);
  nac.tenant.script({ target: 'page', hang: true });
  const tick = nac.app.poll(SLICE_MS);
  await vi.waitFor(() => expect(nac.tenant.stats().scripted.page).toBe(1), PATIENCE_MS);
  await nac.app.close();
  await tick;
  const tasks = new TableTaskStore(nac.tables.polling);
  const { state } = await tasks.read<TaskState & Leased>(CHANGED_DEVICES_TASK);
  expect([state?.owner, state?.failures]).toEqual([undefined, 0]);

  await using next = nextHost(nac);
  const asked = nac.tenant.stats().requests.page;
  await next.app.poll(SLICE_MS);
  expect(nac.tenant.stats().requests.page).toBeGreaterThan(asked);
});

test('a comparison of sessions with policy gives up its lease, and no stopped process takes one', async () => {
  await using nac = await startEnforcement();
  const tasks = new TableTaskStore(nac.tables.polling);
  const round = nac.app.enforce();
  await nac.app.close();
  await round;
  const { state } = await readComparison(tasks);
  expect(state.owner).toBeUndefined();

  const before = (await nac.sweeps.read()).etag;
  nac.clock.advance(24 * 60 * MINUTE_MS);
  expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'idle' });
  expect((await nac.sweeps.read()).etag).toBe(before);
});
