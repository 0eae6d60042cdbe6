// The connector beside a tenant with a quirk: both on one clock, and what must be true whatever the tenant does. The
// store says what the tenant says, every change is dispatched once, and no answer in between is wrong.

import { expect } from 'vitest';
import { renderJson } from '../../shared/lookup/render-answer.ts';
import type { SliceResult } from '../../shared/polling/sweep/sweep.ts';
import { adjustableClock } from './adjustable-clock.ts';
import { type ConnectorFixture, type FixtureOptions, startConnector } from './connector-fixture.ts';
import { storeContents } from './store-contents.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Longer than any test; slices are cut short where a test says so. */
export const SLICE_MS = 120_000;
/** Whatever has a device read by itself brings these, too. */
const READ_ONE_BY_ONE = new Set(['ethernetMac', 'udid']);

/** A tenant whose clock goes with the connector's; its tokens outlast every test that is not about them. */
export async function startQuirky({ store, tenant, env, overrides }: FixtureOptions = {}): Promise<ConnectorFixture> {
  const clock = adjustableClock();
  const nac = await startConnector({
    store: store ?? 'memory',
    tenant: { fleetSize: 60, pageSize: 20, now: () => clock.now(), tokenLifetimeSeconds: 30 * 24 * 3600, ...tenant },
    // Nothing here is about how fast an answer is, on a machine that may be busy.
    env: { POLLING_INTERVAL: '60m', LOOKUP_DEADLINE: '10s', ...env },
    overrides: { clock, ...overrides },
  });
  return { ...nac, clock };
}

/** One tick of the poll's timer, so much later. */
export async function tickAfter({ app, clock }: ConnectorFixture, milliseconds = MINUTE_MS): Promise<SliceResult> {
  clock.advance(milliseconds);
  return app.poll(SLICE_MS);
}

/** Ticks, a minute between two of them, until a sweep has come to its end; all results, that one included. */
export async function ticksUntilSwept(nac: ConnectorFixture, most = 12): Promise<SliceResult[]> {
  const results: SliceResult[] = [];
  while (results.length < most) {
    const result = await tickAfter(nac);
    results.push(result);
    if (result.kind === 'complete' || result.kind === 'partial') return results;
  }
  return expect.fail(`no sweep came to its end: ${results.map(({ kind }) => kind).join(', ')}`);
}

/** Every failure among the results has this code and says what to do. */
export function expectFailures(results: readonly SliceResult[], code: string | undefined): void {
  const errors = results.flatMap((result) => (result.kind === 'failed' ? [result.error] : []));
  expect([...new Set(errors.map((error) => error.code))]).toEqual(code === undefined ? [] : [code]);
  for (const { action } of errors) expect(action).toMatch(/\w{4}/);
}

/** What a RADIUS server learns of a device by its Wi-Fi MAC address. */
export async function standingOf({ app, apiKey, tenant }: ConnectorFixture, name: string): Promise<string> {
  return standingOfMac({ app, apiKey }, String(tenant.fleet.get(name).wiFiMacAddress));
}

export async function standingOfMac({ app, apiKey }: Pick<ConnectorFixture, 'app' | 'apiKey'>, mac: string) {
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' };
  return renderJson(await app.lookup(apiKey, JSON.stringify(request))).standing;
}

/** Record by record what the tenant's list shows now; whatever else is stored is gone, nothing is in doubt or held. */
export async function expectStoreToSayWhatTheTenantSays(nac: ConnectorFixture): Promise<void> {
  const { devices, pendingChanges, claimed, held } = await storeContents(nac.tables);
  const listed = nac.tenant.fleet.list({ limit: nac.tenant.fleet.size }).value;
  const said = listed.map((device) => ({
    id: device.id,
    name: device.deviceName,
    complianceState: device.complianceState,
    managementState: device.managementState,
    serialNumber: device.serialNumber,
    entraDeviceId: device.azureADDeviceId,
    osVersion: device.osVersion,
    wifiMac: device.wiFiMacAddress?.toLowerCase() || undefined,
  }));
  const stored = devices.filter(({ presence }) => presence === 'present');
  expect(
    stored.map(({ device }) => {
      const { id, name, complianceState, managementState, serialNumber, entraDeviceId, osVersion, wifiMac } = device;
      return { id, name, complianceState, managementState, serialNumber, entraDeviceId, osVersion, wifiMac };
    }),
  ).toEqual(said.sort((a, b) => (a.id < b.id ? -1 : 1)));
  expect(devices.filter((record) => record.inDoubt || record.held || !record.indexed)).toEqual([]);
  expect(pendingChanges).toEqual([]);
  expect(held).toEqual(claimed);
}

/**
 * The changes handed on since they were last forgotten lead, each once and in order, to what is stored.
 * @param counts how many changes these devices, by name, have had; all others have had none. That a device is new need
 * not be reported: no session rests on it
 */
export async function expectChangesReported(
  nac: ConnectorFixture,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const { devices } = await storeContents(nac.tables);
  const counted: Record<string, number> = {};
  for (const { device, presence } of devices) {
    const reported = nac.changes.filter(({ id }) => id === device.id);
    if (reported.length === 0) continue;
    for (const [index, { before, version }] of reported.entries()) {
      if (index > 0) expect(before).toEqual(reported[index - 1]?.after);
      expect(version).toBeGreaterThan(reported[index - 1]?.version ?? 0);
    }
    expect(reported.at(-1)?.after).toEqual({ presence, complianceState: device.complianceState });
    const counting = reported.filter(
      ({ before, fields }) => before !== undefined && !fields.every((field) => READ_ONE_BY_ONE.has(field)),
    );
    if (counting.length > 0) counted[String(device.name)] = counting.length;
  }
  expect(counted).toEqual(counts);
}
