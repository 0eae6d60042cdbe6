// What the code asks of Table Storage per event: docs/cost.md is computed from these counts.

import { describe, expect, test } from 'vitest';
import { LINE_KB, TABLE_REQUESTS, TABLE_REQUESTS_PER_COA } from '../../../scripts/cost-model.ts';
import { SETTINGS } from '../../../shared/settings/settings-table.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import {
  account,
  acknowledge,
  ask,
  type Enforcement,
  MINUTE_MS,
  pollAgain,
  startEnforcement,
  takeJobs,
  turn,
} from '../enforcement/enforcement-fixture.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Twelve sweeps from here on, an hour apart, end before the day does: the day's own work is in none of them. */
function untilTwoInTheMorning({ clock }: ConnectorFixture): number {
  const today = clock.now().getTime() % DAY_MS;
  return (DAY_MS + 2 * HOUR_MS - today) % DAY_MS;
}

async function requestsOf({ storage }: Pick<Enforcement, 'storage'>, run: () => Promise<unknown>): Promise<number> {
  storage.requests.length = 0;
  await run();
  return storage.requests.length;
}

/** What a constant says is not less than what happens, and of that order. */
function expectCovered(requests: number, constant: number): void {
  expect(requests).toBeLessThanOrEqual(constant);
  expect(requests).toBeGreaterThan(constant / 4);
}

describe('table requests', () => {
  test('of ticks, lookups and accounting', async () => {
    await using nac = await startEnforcement();
    const count = (run: () => Promise<unknown>) => requestsOf(nac, run);
    expectCovered(await count(() => nac.app.enforce()), TABLE_REQUESTS.enforceTick + TABLE_REQUESTS.reconciliation);
    expectCovered(await count(() => nac.app.enforce()), TABLE_REQUESTS.enforceTick);
    expectCovered(await count(() => nac.app.purgeExpired()), TABLE_REQUESTS.housekeeping);
    nac.log.length = 0;

    // The first one also learns client, policy and age of the fleet, which serve all lookups of a minute.
    await ask(nac, 'NAC-00002');
    expect(await count(() => ask(nac, 'NAC-00001'))).toBe(TABLE_REQUESTS.coldLookup);
    expect(await count(() => ask(nac, 'NAC-00001'))).toBe(TABLE_REQUESTS.warmLookup);
    expect(await count(() => account(nac, 'NAC-00001', { status: 'Start' }))).toBe(TABLE_REQUESTS.accountingStart);
    const interim = () => account(nac, 'NAC-00001', { status: 'Interim-Update' });
    expect(await count(interim)).toBe(TABLE_REQUESTS.accountingInterim);
    const bytes = nac.log.map(
      ({ fields, event }) => JSON.stringify({ ...fields, time: new Date(), level: 'info', event }).length,
    );
    expect(bytes.length).toBeGreaterThan(0);
    expect(Math.max(...bytes)).toBeLessThan(LINE_KB * 1_000);

    await pollAgain(nac);
    const withTwoSessions = await count(() => nac.app.enforce());
    const perSession = (withTwoSessions - TABLE_REQUESTS.enforceTick - TABLE_REQUESTS.reconciliation) / 2;
    expect(perSession).toBeLessThanOrEqual(TABLE_REQUESTS.reconciledSession);
  });

  test('of a tick that finds no sweep due', async () => {
    const defaults = {
      POLLING_INTERVAL: '120m',
      CHANGED_DEVICES_INTERVAL: SETTINGS.CHANGED_DEVICES_INTERVAL.default,
      HARDWARE_MAX_AGE: SETTINGS.HARDWARE_MAX_AGE.default,
    };
    await using nac = await startEnforcement(defaults);
    for (let minute = 0; minute < 3; minute++) {
      nac.clock.advance(MINUTE_MS);
      expectCovered(await requestsOf(nac, () => nac.app.poll(MINUTE_MS)), TABLE_REQUESTS.pollTick);
    }
  });

  test.each([
    [100, 100],
    [300, 100],
  ])('of sweeps over %i devices in pages of %i', async (fleetSize, pageSize) => {
    await using nac = await startConnector({ tenant: { fleetSize, pageSize } });
    nac.clock.advance(untilTwoInTheMorning(nac));
    await nac.app.poll(MINUTE_MS);
    const tick = await requestsOf(nac, () => nac.app.poll(MINUTE_MS));
    const counts: number[] = [];
    for (let sweep = 0; sweep < 12; sweep++) {
      nac.clock.advance(HOUR_MS);
      counts.push((await requestsOf(nac, () => nac.app.poll(MINUTE_MS))) - tick);
    }
    const deepest = counts.indexOf(Math.max(...counts));
    const others = counts.toSpliced(deepest, 1);
    const pages = (fleetSize / pageSize) * TABLE_REQUESTS.sweepPage;
    for (const requests of others) expectCovered(requests, TABLE_REQUESTS.sweep + pages);
    // Beside its neighbour, which has the same grace periods near.
    const usual = others[deepest] ?? others.at(-1) ?? 0;
    expect((counts[deepest] ?? 0) - usual).toBe(TABLE_REQUESTS.deepSweep + fleetSize * TABLE_REQUESTS.deepSweepDevice);
  });

  test('of the first load of a fleet, whose pointers are written once', async () => {
    await using nac = await startConnector({ tenant: { fleetSize: 300, pageSize: 100 } });
    nac.storage.requests.length = 0;
    await nac.app.poll(MINUTE_MS);
    await nac.app.poll(MINUTE_MS);
    const written = nac.storage.requests.filter(({ table }) => table === 'identities');
    const rows = (await Array.fromAsync(nac.tables.identities.listEntities())).length;
    expect(rows).toBeGreaterThan(300);
    expect(written.reduce((sum, { writes }) => sum + writes, 0)).toBe(rows);
  });

  test('of a change, from the poll that sees it to the proof', async () => {
    await using nac = await startEnforcement();
    await ask(nac, 'NAC-00001');
    await nac.app.enforce();
    const tick = await requestsOf(nac, () => nac.app.poll(MINUTE_MS));
    turn(nac, 'NAC-00001', 'noncompliant');
    const all = await requestsOf(nac, async () => {
      await pollAgain(nac);
      await nac.app.enforce();
      const [job] = await takeJobs(nac);
      await acknowledge(nac, job);
      await nac.app.enforce();
      await ask(nac, 'NAC-00001');
      await nac.app.enforce();
    });
    const sweep = TABLE_REQUESTS.sweep + TABLE_REQUESTS.sweepPage;
    const anyway = tick + sweep + 3 * TABLE_REQUESTS.enforceTick + TABLE_REQUESTS.reconciliation;
    expectCovered(all - anyway, TABLE_REQUESTS_PER_COA);
    console.log(`A CoA takes ${all - anyway} table requests beyond those of the poll and the timers.`);
  });
});
