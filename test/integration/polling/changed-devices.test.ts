// What changes between two sweeps, against the simulated tenant, the store in memory: check-ins, Entra's delta, ends
// of grace periods. Found within a tick or two, handed on once, and the next sweep is not misled by it.

import { describe, expect, test } from 'vitest';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import type { ChangedDevicesState } from '../../../shared/polling/between-sweeps/changed-devices.ts';
import { recheckSoon } from '../../../shared/polling/between-sweeps/scheduled-reads.ts';
import { type ConnectorFixture, type FixtureOptions, startConnector } from '../../support/connector-fixture.ts';
import { compliantDevices, HOUR_MS, heldMarks, storedDevices, sweepAgain } from '../../support/hold-scenario.ts';
import { storeContents } from '../../support/store-contents.ts';

const MINUTE_MS = 60_000;
const SLICE_MS = 120_000;

async function startSwept({ tenant, env }: FixtureOptions = {}): Promise<ConnectorFixture> {
  const nac = await startConnector({
    store: 'memory',
    tenant: { fleetSize: 200, ...tenant },
    env: { CHANGED_DEVICES_INTERVAL: '1m', POLLING_INTERVAL: '2h', ...env },
  });
  await nac.app.poll(SLICE_MS);
  await tickAfter(nac, MINUTE_MS);
  nac.changes.length = 0;
  nac.storage.requests.length = 0;
  return nac;
}

async function tickAfter({ app, clock }: ConnectorFixture, milliseconds: number): Promise<string> {
  clock.advance(milliseconds + 1000);
  return (await app.poll(SLICE_MS)).kind;
}

/** The device checks in with Intune now, and stands like this. */
function checkIn({ tenant, clock }: ConnectorFixture, name: string, complianceState: string): void {
  tenant.fleet.patch(name, { complianceState: complianceState as never, lastSyncDateTime: toInstant(clock.now()) });
}

/** Intune changes its mind without a check-in. */
function turnSilently({ tenant }: ConnectorFixture, name: string, complianceState: string): void {
  const { lastSyncDateTime } = tenant.fleet.get(name);
  tenant.fleet.patch(name, { complianceState: complianceState as never, lastSyncDateTime });
}

function deviceWrites({ storage }: ConnectorFixture): number {
  const ofDevices = storage.requests.filter(({ table }) => table === 'devices' || table === 'identities');
  return ofDevices.reduce((sum, { writes }) => sum + writes, 0);
}

async function changedState({ tables }: ConnectorFixture): Promise<ChangedDevicesState> {
  const { state } = await new TableTaskStore(tables.polling).read<ChangedDevicesState>('changed-devices');
  if (state === undefined) throw new Error('no pass has looked for changed devices yet');
  return state;
}

describe('a device that checks in', () => {
  test('with another compliance is handed on a minute later, and the next sweep has nothing to add', async () => {
    await using nac = await startSwept();
    const [name = ''] = compliantDevices(nac, 1);
    checkIn(nac, name, 'noncompliant');

    expect(await tickAfter(nac, MINUTE_MS)).toBe('idle');

    expect(nac.changes).toMatchObject([{ version: 2, after: { complianceState: 'noncompliant' } }]);
    expect((await storeContents(nac.tables)).pendingChanges).toEqual([]);
    await tickAfter(nac, MINUTE_MS);
    await tickAfter(nac, 2 * HOUR_MS);
    expect(nac.changes).toHaveLength(1);
    expect(await Array.fromAsync(nac.devices.marks())).toEqual([]);
  });

  test('as it was costs no row write, and does not say more than its own day', async () => {
    await using nac = await startSwept();
    for (const name of compliantDevices(nac, 100)) checkIn(nac, name, 'compliant');

    await tickAfter(nac, MINUTE_MS);
    expect(deviceWrites(nac)).toBe(0);
    expect(nac.tenant.stats().requests.page).toBeGreaterThan(2);
  });

  test('and turns back before the next sweep is not forgotten by it', async () => {
    await using nac = await startSwept();
    const [name = ''] = compliantDevices(nac, 1);
    checkIn(nac, name, 'noncompliant');
    await tickAfter(nac, MINUTE_MS);
    // Exactly what the sweep's fingerprint stands for, and no check-in that would show it.
    const { id } = nac.tenant.fleet.get(name);
    turnSilently(nac, name, 'compliant');
    nac.tenant.fleet.patch(name, { lastSyncDateTime: '2020-01-01T00:00:00Z' });
    expect((await nac.devices.read({ source: 'intune', id }))?.device.complianceState).toBe('noncompliant');

    await tickAfter(nac, 2 * HOUR_MS);
    expect((await nac.devices.read({ source: 'intune', id }))?.device.complianceState).toBe('compliant');
  });

  test('is found on whichever page it stands', async () => {
    await using nac = await startSwept({ tenant: { pageSize: 10 } });
    const names = compliantDevices(nac, 35);
    for (const name of names) checkIn(nac, name, 'noncompliant');

    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toHaveLength(35);
  });
});

describe('the watermark', () => {
  test('moves to the start of the first request, and stays when a page fails', async () => {
    await using nac = await startSwept({ tenant: { pageSize: 10 } });
    const before = (await changedState(nac)).watermark;
    const names = compliantDevices(nac, 15);
    for (const name of names) checkIn(nac, name, 'noncompliant');
    nac.tenant.script({ target: 'page', status: 504, body: '', skip: 1 });

    await tickAfter(nac, MINUTE_MS);
    expect((await changedState(nac)).watermark).toBe(before);
    expect(nac.changes).toEqual([]);
    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toHaveLength(15);
    expect((await changedState(nac)).watermark).not.toBe(before);
  });

  test('moves whatever the number of check-ins: a tick goes on where the one before ended', async () => {
    await using nac = await startSwept({ tenant: { fleetSize: 70, pageSize: 1 } });
    const names = nac.tenant.fleet.list({ limit: 70 }).value.map(({ deviceName }) => String(deviceName));
    // All of them at the very same time.
    for (const name of names) checkIn(nac, name, String(nac.tenant.fleet.get(name).complianceState));
    const { watermark } = await changedState(nac);
    const turned = names.filter((name) => nac.tenant.fleet.get(name).complianceState === 'compliant').slice(-3);
    for (const name of turned) checkIn(nac, name, 'noncompliant');

    const pages: number[] = [];
    for (let ticks = 0; ticks < 4; ticks++) {
      const before = nac.tenant.stats().requests.page;
      await tickAfter(nac, MINUTE_MS);
      pages.push(nac.tenant.stats().requests.page - before);
    }
    expect(pages).toEqual([20, 20, 20, 10]);
    expect((await changedState(nac)).watermark?.localeCompare(watermark ?? '')).toBe(1);
    expect(await changedState(nac)).not.toHaveProperty('under');
    const ids = turned.map((name) => nac.tenant.fleet.get(name).id);
    expect(
      nac.changes
        .filter(({ after }) => after.complianceState === 'noncompliant')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(ids.sort());
  });

  test('is caught up although more devices check in each minute than one tick used to read', async () => {
    await using nac = await startSwept({ tenant: { fleetSize: 100, pageSize: 1 } });
    const names = nac.tenant.fleet.list({ limit: 100 }).value.map(({ deviceName }) => String(deviceName));
    const backlog: number[] = [];
    for (let minute = 0; minute < 12; minute++) {
      for (const name of names.slice(minute * 8, minute * 8 + 8)) {
        checkIn(nac, name, String(nac.tenant.fleet.get(name).complianceState));
      }
      await tickAfter(nac, MINUTE_MS);
      const { watermark = '' } = await changedState(nac);
      backlog.push(nac.clock.now().getTime() - Date.parse(watermark));
    }
    expect(Math.max(...backlog)).toBeLessThan(10 * MINUTE_MS);
  });

  test('begins again where the link of a page is given up', async () => {
    await using nac = await startSwept({ tenant: { fleetSize: 30, pageSize: 1 } });
    for (const { deviceName } of nac.tenant.fleet.list({ limit: 30 }).value) {
      checkIn(nac, String(deviceName), String(nac.tenant.fleet.get(String(deviceName)).complianceState));
    }
    await tickAfter(nac, MINUTE_MS);
    expect((await changedState(nac)).under).toBeDefined();
    for (let failure = 0; failure < 3; failure++) {
      nac.tenant.script({ target: 'page', status: 410, body: '' });
      await tickAfter(nac, MINUTE_MS);
    }
    for (let ticks = 0; ticks < 3; ticks++) await tickAfter(nac, MINUTE_MS);
    expect(await changedState(nac)).not.toHaveProperty('under');
  });

  test('is caught up by a complete sweep: more check-ins than a pass has pages hold no change up for good', async () => {
    await using nac = await startSwept({ tenant: { fleetSize: 30, pageSize: 1 } });
    const names = nac.tenant.fleet.list().value.map(({ deviceName }) => String(deviceName));
    for (const name of names) checkIn(nac, name, String(nac.tenant.fleet.get(name).complianceState));
    const { watermark } = await changedState(nac);
    await tickAfter(nac, MINUTE_MS);
    expect((await changedState(nac)).watermark, 'thirty pages are more than one pass reads').toBe(watermark);

    // The sweep, and a pass that begins with it.
    await tickAfter(nac, 2 * HOUR_MS);
    await tickAfter(nac, MINUTE_MS);
    const last = names.findLast((name) => nac.tenant.fleet.get(name).complianceState === 'compliant') ?? '';
    nac.changes.length = 0;
    checkIn(nac, last, 'noncompliant');
    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toMatchObject([{ id: nac.tenant.fleet.get(last).id }]);
  });

  test('is given up when Graph ignores the filter: nothing of that answer counts, and sweeps find what changes', async () => {
    await using nac = await startSwept();
    nac.tenant.behave({ supportedFilter: 'ignored' });
    const [name = ''] = compliantDevices(nac, 1);
    checkIn(nac, name, 'noncompliant');

    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toEqual([]);
    expect(deviceWrites(nac)).toBe(0);
    expect(nac.log.filter(({ event }) => event === 'poll.filter-ignored')).toMatchObject([{ level: 'error' }]);
    const asked = nac.tenant.stats().requests.page;
    await tickAfter(nac, MINUTE_MS);
    expect(nac.tenant.stats().requests.page).toBe(asked);

    await tickAfter(nac, 2 * HOUR_MS);
    expect(nac.changes).toHaveLength(1);
  });
});

test('throttled, waits as long as Retry-After says, and twice as long between two looks afterwards', async () => {
  await using nac = await startSwept();
  const asked = (): number => nac.tenant.stats().requests.page;
  nac.tenant.script({ target: 'page', status: 429, headers: { 'retry-after': '90' }, body: '' });
  await tickAfter(nac, MINUTE_MS);
  const atFailure = asked();
  await tickAfter(nac, MINUTE_MS);
  expect(asked(), 'before the ninety seconds are over').toBe(atFailure);
  await tickAfter(nac, MINUTE_MS);
  expect(asked()).toBe(atFailure + 1);
  await tickAfter(nac, MINUTE_MS);
  expect(asked(), 'the interval is two minutes now').toBe(atFailure + 1);
  await tickAfter(nac, MINUTE_MS);
  await tickAfter(nac, MINUTE_MS);
  expect(asked(), 'and one again').toBe(atFailure + 3);
});

describe('the breaker', () => {
  test('holds a pass that would turn too many, and lets the next sweep decide with the whole list', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, 60);
    for (const name of names) checkIn(nac, name, 'noncompliant');

    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toHaveLength(60);
    expect(nac.log.filter(({ event }) => event === 'poll.breaker-tripped')).toHaveLength(1);
    for (const name of names.slice(5)) turnSilently(nac, name, 'compliant');
    nac.clock.advance(HOUR_MS);
    await sweepAgain(nac);
    expect(nac.changes).toHaveLength(5);
    expect(await heldMarks(nac)).toEqual([]);
  });

  test('counts everything since the last complete sweep: many small passes do not add up unseen', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, 75);
    for (let pass = 0; pass < 3; pass++) {
      for (const name of names.slice(pass * 25, pass * 25 + 25)) checkIn(nac, name, 'noncompliant');
      await tickAfter(nac, MINUTE_MS);
    }
    expect(nac.changes).toHaveLength(25);
    expect(await heldMarks(nac)).toHaveLength(50);
    const records = await storedDevices(nac, names.slice(25));
    expect(records.every(({ device }) => device.complianceState === 'compliant')).toBe(true);
  });
});

describe('Entra’s delta', () => {
  const roles = {
    graph: ['Application.Read.All', 'DeviceManagementManagedDevices.Read.All', 'Device.Read.All'],
    intune: [],
  };
  const withDelta: FixtureOptions = { tenant: { roles }, env: { ENTRA_DEVICE_DELTA: 'on' } };

  test('brings a device that did not check in, after a read of the device itself', async () => {
    await using nac = await startSwept(withDelta);
    const [name = ''] = compliantDevices(nac, 1);
    turnSilently(nac, name, 'noncompliant');
    const reads = nac.tenant.stats().requests.batch;

    await tickAfter(nac, MINUTE_MS);
    expect(nac.changes).toMatchObject([{ after: { complianceState: 'noncompliant' } }]);
    expect(nac.tenant.stats().requests.batch).toBe(reads + 1);
  });

  test('whose link has expired has everything read once, at once', async () => {
    await using nac = await startSwept(withDelta);
    nac.tenant.behave({ deltaTokenLifetimeSeconds: 0 });
    const runs = (await nac.sweeps.listRuns(10)).length;
    await tickAfter(nac, MINUTE_MS);
    nac.tenant.behave({ deltaTokenLifetimeSeconds: 604_800 });
    await tickAfter(nac, MINUTE_MS);
    await tickAfter(nac, MINUTE_MS);
    expect((await nac.sweeps.listRuns(10)).length).toBe(runs + 1);
    expect(nac.log.map(({ event }) => event)).toContain('poll.delta-expired');
  });
});

describe('a device whose grace period ends', () => {
  test('is read again a minute later, though nothing about it has moved', async () => {
    await using nac = await startConnector({
      store: 'memory',
      tenant: { fleetSize: 60 },
      env: { POLLING_INTERVAL: '2h' },
    });
    const [name = ''] = compliantDevices(nac, 1);
    const graceEnd = new Date(nac.clock.now().getTime() + 30 * MINUTE_MS).toISOString();
    nac.tenant.fleet.patch(name, {
      complianceState: 'inGracePeriod',
      complianceGracePeriodExpirationDateTime: graceEnd,
      lastSyncDateTime: '2026-01-01T00:00:00Z',
    });
    await nac.app.poll(SLICE_MS);
    nac.changes.length = 0;
    turnSilently(nac, name, 'noncompliant');

    await tickAfter(nac, 15 * MINUTE_MS);
    expect(nac.changes).toEqual([]);
    await tickAfter(nac, 16 * MINUTE_MS);
    expect(nac.changes).toMatchObject([
      { before: { complianceState: 'inGracePeriod' }, after: { complianceState: 'noncompliant' } },
    ]);
  });
});

test('a device that a station waits for is read every tick for a while, and no longer once it turned', async () => {
  await using nac = await startSwept({ env: { CHANGED_DEVICES_INTERVAL: 'off' } });
  const [name = ''] = compliantDevices(nac, 1);
  const key = { source: 'intune', id: String(nac.tenant.fleet.get(name).id) };
  const reads = (): number => nac.tenant.stats().requests.batch;
  const before = reads();
  await recheckSoon(new TableTaskStore(nac.tables.polling), [key], toInstant(nac.clock.now()));

  await tickAfter(nac, 0);
  await tickAfter(nac, MINUTE_MS);
  expect(reads()).toBe(before + 2);
  turnSilently(nac, name, 'noncompliant');
  await tickAfter(nac, 2 * MINUTE_MS);
  // The first read brought its Ethernet address as well.
  expect(nac.changes.filter(({ fields }) => fields.includes('complianceState'))).toHaveLength(1);
  await tickAfter(nac, 8 * MINUTE_MS);
  expect(reads()).toBe(before + 3);
});
