// Whatever a source says that would empty the network waits for a person: a list that is empty, short, repeated, of
// another tenant, or that loses a little each time.

import { describe, expect, test } from 'vitest';
import { readMassChange } from '../../../../shared/polling/breaker/mass-change.ts';
import { applyReleases, refuseRun, releaseRun } from '../../../../shared/polling/breaker/release-held.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { pagesOf, type SweepTables, sweepTables } from '../../../support/sweep-tables.ts';

const FLEET = 200;
const fleetOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, number) => aDeviceOfFleet(from + number));
const trips = ({ log }: SweepTables) => log.filter(({ event }) => event === 'poll.breaker-tripped');

/** Swept once: every device is stored. */
async function start(): Promise<SweepTables> {
  const run = sweepTables();
  run.tenant.devices = fleetOf(FLEET);
  expect((await run.sweep()).kind).toBe('complete');
  run.changes.length = 0;
  return run;
}

async function newestHeld({ slow, depsOf }: SweepTables): Promise<string> {
  const { held } = await readMassChange(depsOf(slow.atOnce).tasks);
  return String(held.at(-1)?.runId);
}

describe('a list that is empty while point reads say 404', () => {
  test('lets no device go, however often it repeats itself', async () => {
    const run = await start();
    run.tenant.devices = [];
    for (let sweeps = 0; sweeps < 6; sweeps++) await run.sweep();
    expect(run.changes).toEqual([]);
    expect(await run.present()).toBe(FLEET);
    expect(trips(run).length).toBeGreaterThan(0);
  });

  test('that a person refused is reported again only when other devices are absent', async () => {
    const run = await start();
    const all = run.tenant.devices;
    run.tenant.devices = all.slice(100);
    for (let sweeps = 0; sweeps < 3; sweeps++) await run.sweep();
    const { deps } = run;
    await run.slow.run(async () => refuseRun(deps, { runId: await newestHeld(run), reason: 'not true' }, 'ada'));
    const reported = trips(run).length;
    for (let sweeps = 0; sweeps < 3; sweeps++) await run.sweep();
    expect(trips(run)).toHaveLength(reported);
    expect(await run.present()).toBe(FLEET);

    run.tenant.devices = all.slice(130);
    for (let sweeps = 0; sweeps < 3; sweeps++) await run.sweep();
    expect(trips(run).length).toBeGreaterThan(reported);
    expect(run.changes).toEqual([]);
  });
});

describe('a list that loses less than the set share each time', () => {
  test('is held once a day’s losses are more than the share, and goes on when a person has looked', async () => {
    const run = await start();
    const lose = async (): Promise<void> => {
      run.tenant.devices = run.tenant.devices.slice(FLEET / 20);
      await run.sweep();
    };
    for (let sweeps = 0; sweeps < 10; sweeps++) await lose();
    expect(await run.present()).toBeGreaterThanOrEqual(FLEET * 0.89);
    expect(trips(run).length).toBeGreaterThan(0);

    const { deps } = run;
    const held = await newestHeld(run);
    await run.slow.run(() => releaseRun(deps, { runId: held, reason: 'machines sold' }, 'ada'));
    await run.slow.run(() => applyReleases(deps));
    await run.sweep();
    await run.sweep();
    expect(await run.present()).toBe(run.tenant.devices.length);
  });

  test('over a longer time is what any fleet does', async () => {
    const run = await start();
    for (let days = 0; days < 6; days++) {
      run.tenant.devices = run.tenant.devices.slice(FLEET / 20);
      await run.sweep();
      await run.slow.time.runUntil(run.slow.time.now + 25 * 3_600_000);
    }
    await run.sweep();
    expect(trips(run)).toEqual([]);
    expect(await run.present()).toBe(FLEET - (6 * FLEET) / 20);
  });
});

describe('a list that leaves out devices which are there', () => {
  test('lets none of them go, though they are too few for a mass and too many for point reads', async () => {
    const run = sweepTables({ massChange: { share: 0.8, least: 10 } });
    run.tenant.devices = fleetOf(700);
    await run.sweep();
    run.changes.length = 0;
    run.tenant.pages = () => pagesOf(run.tenant.devices.slice(0, 400));
    for (let sweeps = 0; sweeps < 5; sweeps++) await run.sweep();
    expect(run.changes).toEqual([]);
    expect(await run.present()).toBe(700);
  });

  test('whose every page is the first one lets none go', async () => {
    const run = await start();
    const [first = []] = pagesOf(run.tenant.devices);
    run.tenant.pages = () => [first, first, first, first];
    for (let sweeps = 0; sweeps < 4; sweeps++) await run.sweep();
    expect(run.changes).toEqual([]);
    expect(await run.present()).toBe(FLEET);
  });

  test('that ends after one of its pages, without an error, lets none go', async () => {
    const run = await start();
    run.tenant.pages = () => pagesOf(run.tenant.devices).slice(0, 1);
    for (let sweeps = 0; sweeps < 4; sweeps++) await run.sweep();
    expect(run.changes).toEqual([]);
    expect(await run.present()).toBe(FLEET);
  });
});

test('a device that is on every page is one device', async () => {
  const run = await start();
  const [first = aDeviceOfFleet(0)] = run.tenant.devices;
  run.tenant.pages = () => pagesOf(run.tenant.devices).map((page) => [first, ...page]);
  await run.sweep();
  expect(run.changes).toEqual([]);
  expect(await run.present()).toBe(FLEET);
});

test.each(['unknown', 'notApplicable', 'configManager'])(
  'a fleet that is %s from one sweep to the next is held',
  async (state) => {
    const run = await start();
    run.tenant.devices = run.tenant.devices.map((device) => ({ ...device, complianceState: state as never }));
    for (let sweeps = 0; sweeps < 3; sweeps++) await run.sweep();
    expect(run.changes).toEqual([]);
    expect(trips(run)[0]?.fields).toMatchObject({ flips: FLEET });
  },
);

test('another tenant’s list, though longer, lets no device of the fleet go', async () => {
  const run = await start();
  run.tenant.devices = fleetOf(2_000, 10_000);
  for (let sweeps = 0; sweeps < 4; sweeps++) await run.sweep();
  expect(run.changes.filter(({ after }) => after.presence === 'gone')).toEqual([]);
  expect(trips(run)[0]?.fields).toMatchObject({ absences: FLEET });
});
