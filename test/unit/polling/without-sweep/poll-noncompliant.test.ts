// The noncompliant list may be had once in four hours: whatever interrupts its run, it goes on where it stood, and half
// of it never counts as all of it.

import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../../shared/errors.ts';
import { countHeld } from '../../../../shared/polling/breaker/held-devices.ts';
import { NONCOMPLIANT_TASK, type NoncompliantState } from '../../../../shared/polling/point-reads/point-read-runs.ts';
import { readTask } from '../../../../shared/polling/tasks/leased-task.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { aDecision, aSession } from '../../../support/a-session.ts';
import { collectedTelemetry } from '../../../support/collected-telemetry.ts';
import { type ComplianceTables, complianceTables } from '../../../support/compliance-tables.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const LEASE_MS = 180_000;
/** A page of the service holds a hundred devices. */
const PER_PAGE = 100;

/** So many unknown noncompliant devices, on pages of a hundred. */
function listOf(count: number) {
  const devices = Array.from({ length: count }, (_, number) => ({ id: aDeviceOfFleet(number).id, compliant: false }));
  return Array.from({ length: Math.ceil(count / PER_PAGE) }, (_, page) =>
    devices.slice(page * PER_PAGE, (page + 1) * PER_PAGE),
  );
}

/** Ticks a minute apart, until the list is done. @returns how many it took */
async function listToItsEnd(run: ComplianceTables, budgetMs: number): Promise<number> {
  for (let ticks = 1; ; ticks++) {
    if ((await run.list(budgetMs)) === 'complete') return ticks;
    if (ticks === 100) throw new Error('the list never ends');
    await pass(run, MINUTE_MS);
  }
}

const pass = ({ slow }: ComplianceTables, milliseconds: number): Promise<void> =>
  slow.time.runUntil(slow.time.now + milliseconds);
const stateOf = async ({ atOnce }: ComplianceTables): Promise<NoncompliantState | undefined> =>
  (await readTask<NoncompliantState>(atOnce.tasks, NONCOMPLIANT_TASK)).state;
const pagesOf = ({ service }: ComplianceTables): number[] => [...service.pages.keys()];

/** Compliant devices of the fleet, each with a live session that names it. */
async function withSessions(run: ComplianceTables, count: number): Promise<string[]> {
  const devices = Array.from({ length: count }, (_, number) => aDeviceOfFleet(number));
  await run.store(devices);
  const decidedAt = new Date(run.slow.time.now).toISOString();
  for (const [number, { id }] of devices.entries()) {
    const sessionId = number.toString(16).padStart(3, '0').split('').reverse().join('').padEnd(20, '0');
    const device = { source: 'intune', id, version: 1, identity: aDecision().device?.identity, asOf: decidedAt };
    const decision = aDecision({ id: `${sessionId}-m1x2y3`, decidedAt, device: device as never });
    await run.atOnce.sessions.writeDecision(aSession({ id: sessionId, decision }));
  }
  return devices.map(({ id }) => id);
}

describe('a list of many pages', () => {
  test('is saved slice by slice, and each page is asked for once', async () => {
    const run = complianceTables();
    run.service.pages.push(...listOf(1_000));
    run.service.answersAfterMs = 3_000;
    const ticks = await listToItsEnd(run, 8_000);
    expect(ticks).toBeGreaterThan(2);
    expect(run.askedPages).toEqual(pagesOf(run));
    expect(await stateOf(run)).toMatchObject({ lastComplete: { listed: 1_000 } });
    expect(await stateOf(run)).not.toHaveProperty('run');
  });

  test('goes on in another process at the page that a killed one did not save', async () => {
    const run = complianceTables();
    run.service.pages.push(...listOf(500));
    run.service.answersAfterMs = 1_000;
    await run.list(60_000, run.slow.time.now + 2_500);
    const before = run.askedPages.length;
    expect(await run.list(60_000)).toBe('leased');
    await pass(run, LEASE_MS);
    expect(await run.list(60_000)).toBe('complete');
    const again = run.askedPages.slice(before);
    expect(again[0]).toBeGreaterThan(0);
    expect(new Set(run.askedPages)).toEqual(new Set(pagesOf(run)));
    for (const { id } of run.service.pages.flat()) {
      const stored = await run.atOnce.devices.read({ source: 'intune', id: String(id) });
      expect(stored?.device.complianceState).toBe('noncompliant');
    }
  });

  test('is asked for again at the page that failed, without waiting for four hours', async () => {
    const run = complianceTables();
    run.service.pages.push(...listOf(300));
    let fails = true;
    run.service.onPage = (page) => {
      if (page === 1 && fails) throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'wait' });
    };
    expect(await run.list(60_000)).toBe('failed');
    fails = false;
    await pass(run, MINUTE_MS);
    expect(await run.list(60_000)).toBe('complete');
    expect(run.askedPages).toEqual([0, 1, 1, 2]);
  });

  test('that fails and fails is given up, and the next one is asked for when it may be', async () => {
    const run = complianceTables();
    run.service.pages.push(...listOf(300));
    run.service.onPage = (page) => {
      if (page === 1) throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'wait' });
    };
    for (let minute = 0; minute < 60; minute++) {
      await run.list(60_000);
      await pass(run, MINUTE_MS);
    }
    expect(run.log.filter(({ event }) => event === 'noncompliant.given-up')).toHaveLength(1);
    expect(run.askedPages.filter((page) => page === 0)).toHaveLength(1);
    delete run.service.onPage;
    await pass(run, 4 * HOUR_MS);
    expect(await run.list(60_000)).toBe('complete');
  });

  test('whose pages lead round in a circle ends', async () => {
    const run = complianceTables();
    run.service.pages.push(...listOf(300));
    const { noncompliant } = run.atOnce.source;
    const listed = noncompliant.listNoncompliant;
    noncompliant.listNoncompliant = async (cursor) => {
      const page = await listed(cursor);
      return { ...page, nextCursor: cursor === '1' ? '2' : '1' };
    };
    expect(await run.list(600_000)).toBe('failed');
    expect(run.askedPages.length).toBeLessThan(5);
    expect(run.log.at(-1)).toMatchObject({ event: 'noncompliant.given-up', fields: { code: 'NAC_SOURCE_PAGE_LOOP' } });
  });
});

describe('devices that the list names no more', () => {
  test('are read one by one, those of each session once, however many slices it takes', async () => {
    const run = complianceTables();
    const ids = await withSessions(run, 300);
    run.service.pages.push(ids.map((id) => ({ id, compliant: false })));
    // A small share of many: no mass change.
    await run.store(Array.from({ length: 3_300 }, (_, number) => aDeviceOfFleet(10_000 + number)));
    await pass(run, 1_000);
    await listToItsEnd(run, 24_000);
    expect(run.changes).toHaveLength(ids.length);

    run.service.pages.splice(0, 1, []);
    run.service.compliantNow = () => true;
    await pass(run, 4 * HOUR_MS);
    const ticks = await listToItsEnd(run, 4_000);
    expect(ticks).toBeGreaterThan(2);
    expect(run.askedDevices.toSorted()).toEqual(ids.toSorted());
    expect(run.changes).toHaveLength(2 * ids.length);
  });
});

describe('half of a run', () => {
  test('counts with nothing: a round of the refresh that ends meanwhile lets nothing of it through', async () => {
    const run = complianceTables();
    const ids = await withSessions(run, 18);
    // Nine of eighteen on each of two pages: either half is below the least number, both together are not.
    run.service.pages.push(
      ...[ids.slice(0, 9), ids.slice(9)].map((half) => half.map((id) => ({ id, compliant: false }))),
    );
    run.service.compliantNow = () => false;
    run.service.answersAfterMs = 3_000;
    await pass(run, 1_000);
    expect(await run.list(2_000)).toBe('sliced');
    const staged = await countHeld(run.atOnce.devices);
    expect(staged.flips).toBe(9);

    expect(await run.refresh(60_000)).toBe('complete');
    expect(run.changes).toEqual([]);
    expect((await countHeld(run.atOnce.devices)).flips).toBe(9);

    await listToItsEnd(run, 2_000);
    expect(run.changes).toEqual([]);
    expect(run.log.filter(({ event }) => event === 'poll.breaker-tripped')).toMatchObject([{ fields: { flips: 18 } }]);
  });
});

describe('a service that asks to slow down', () => {
  const throttled = (): never => {
    throw new SourceError('NAC_SOURCE_THROTTLED', 'slow down', { action: 'Wait.' });
  };

  test('is counted with the list and with the rounds of reading devices again, and another failure is not', async () => {
    const { telemetry, points } = collectedTelemetry();
    const run = complianceTables(telemetry);
    const counted = async () => (await points()).get('nac.source.throttled')?.map(({ value }) => value);
    run.service.pages.push(...listOf(100));
    run.service.onPage = () => {
      throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'Wait.' });
    };
    expect(await run.list(60_000)).toBe('failed');
    expect(await counted()).toBeUndefined();
    await pass(run, 5 * HOUR_MS);
    run.service.onPage = throttled;
    expect(await run.list(60_000)).toBe('failed');
    expect(await counted()).toEqual([1]);

    await withSessions(run, 3);
    await pass(run, 2 * HOUR_MS);
    run.service.compliantNow = throttled;
    expect(await run.refresh(60_000)).toBe('failed');
    expect(await counted()).toEqual([2]);
  });
});
