// Turns that add up to a mass within a day wait for a person; a fleet whose devices turn and turn back does not.

import { expect, test } from 'vitest';
import type { Device } from '../../../../shared/domain/device/device.ts';
import { readMassChange } from '../../../../shared/polling/breaker/mass-change.ts';
import { applyReleases, releaseRun } from '../../../../shared/polling/breaker/release-held.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { type SweepTables, sweepTables } from '../../../support/sweep-tables.ts';

const FLEET = 200;
/** Of the fleet, with each sweep; the breaker is set to a tenth. */
const A_FEW = 14;
const trips = ({ log }: SweepTables) => log.filter(({ event }) => event === 'poll.breaker-tripped');

async function start(changedDevicesIntervalMs?: number): Promise<SweepTables> {
  const run = sweepTables({ ...(changedDevicesIntervalMs !== undefined && { changedDevicesIntervalMs }) });
  run.tenant.devices = Array.from({ length: FLEET }, (_, number) => aDeviceOfFleet(number));
  await run.sweep();
  run.changes.length = 0;
  return run;
}

/** @returns those that turned, as they check in */
function turn(run: SweepTables, from: number, complianceState: Device['complianceState']): Device[] {
  const turned = run.tenant.devices.slice(from, from + A_FEW).map((device) => ({ ...device, complianceState }));
  run.tenant.devices = run.tenant.devices.map((device) => turned.find(({ id }) => id === device.id) ?? device);
  return turned;
}

const turnedTo = ({ changes }: SweepTables, state: string) =>
  changes.filter(({ after }) => after.complianceState === state).length;

test('a share with each sweep is held once the day’s turns are a mass, and goes on when a person has looked', async () => {
  const run = await start();
  for (let sweeps = 0; sweeps < 8; sweeps++) {
    turn(run, sweeps * A_FEW, 'noncompliant');
    await run.sweep();
  }
  expect(turnedTo(run, 'noncompliant')).toBe(A_FEW);
  expect(trips(run).length).toBeGreaterThan(0);

  const { held } = await readMassChange(run.depsOf(run.slow.atOnce).tasks);
  const runId = String(held.at(-1)?.runId);
  await run.slow.run(() => releaseRun(run.deps, { runId, reason: 'a new policy' }, 'ada'));
  await run.slow.run(() => applyReleases(run.deps));
  expect(turnedTo(run, 'noncompliant')).toBe(8 * A_FEW);
  // What a person let through is none of what is counted after it.
  turn(run, 8 * A_FEW, 'noncompliant');
  await run.sweep();
  expect(turnedTo(run, 'noncompliant')).toBe(9 * A_FEW);
});

test('a share between sweeps, too', async () => {
  const run = await start(60_000);
  for (let hours = 0; hours < 6; hours++) {
    const turned = turn(run, hours * A_FEW, 'noncompliant');
    run.tenant.checkedIn = () => turned;
    await run.slow.time.runUntil(run.slow.time.now + 120_000);
    await run.tick();
    run.tenant.checkedIn = () => [];
    await run.sweep();
  }
  expect(turnedTo(run, 'noncompliant')).toBe(A_FEW);
  expect(trips(run).length).toBeGreaterThan(0);
});

test('devices that turn back make up for those that turn', async () => {
  const run = await start();
  for (let sweeps = 0; sweeps < 20; sweeps++) {
    turn(run, 0, sweeps % 2 === 0 ? 'noncompliant' : 'compliant');
    await run.sweep();
  }
  expect(trips(run)).toEqual([]);
  expect(run.changes).toHaveLength(20 * A_FEW);
});

test('a share with each day is what any fleet does', async () => {
  const run = await start();
  for (let days = 0; days < 6; days++) {
    turn(run, days * A_FEW, 'noncompliant');
    await run.sweep();
    await run.slow.time.runUntil(run.slow.time.now + 25 * 3_600_000);
  }
  expect(trips(run)).toEqual([]);
  expect(turnedTo(run, 'noncompliant')).toBe(6 * A_FEW);
});

test('recovery is not held for what turned before', async () => {
  const run = await start();
  turn(run, 0, 'noncompliant');
  await run.sweep();
  turn(run, 0, 'compliant');
  await run.sweep();
  expect(turnedTo(run, 'compliant')).toBe(A_FEW);
  expect(trips(run)).toEqual([]);
});
