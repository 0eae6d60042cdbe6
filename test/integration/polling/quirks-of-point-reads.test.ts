// What goes wrong where single devices, Entra's delta and the noncompliant list are read, seen through polls and
// lookups.

import { describe, expect, test } from 'vitest';
import type { IntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import type { Script } from '../../../local/intune-tenant/script.ts';
import type { TenantBehaviour } from '../../../local/intune-tenant/tenant-behaviour.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import type { ConnectorFixture } from '../../support/connector-fixture.ts';
import { compliantDevices } from '../../support/hold-scenario.ts';
import {
  expectChangesReported,
  expectStoreToSayWhatTheTenantSays,
  HOUR_MS,
  MINUTE_MS,
  SLICE_MS,
  standingOf,
  startQuirky,
  tickAfter,
} from '../../support/quirk-scenario.ts';
import { storeContents } from '../../support/store-contents.ts';

type Begin = (tenant: IntuneTenant) => void;
const behave =
  (change: Partial<TenantBehaviour>): Begin =>
  (tenant) =>
    tenant.behave(change);
const script =
  (...scripts: readonly Script[]): Begin =>
  (tenant) => {
    for (const each of scripts) tenant.script(each);
  };

describe('Ethernet MAC and UDID', () => {
  async function expectHardware(nac: ConnectorFixture): Promise<void> {
    for (const { device } of (await storeContents(nac.tables)).devices) {
      const { ethernetMacAddress, udid } = nac.tenant.fleet.get(device.id);
      expect([device.ethernetMac, device.udid]).toEqual([
        ethernetMacAddress?.toLowerCase() || undefined,
        udid || undefined,
      ]);
    }
    await expectStoreToSayWhatTheTenantSays(nac);
  }

  test.each<[string, Begin]>([
    ['lists that show them', behave({ listsFillKeptBack: true })],
    ['answers of a batch in another order', behave({ batchOrder: 'reversed' })],
    ['a truncated batch', script({ target: 'batch', damage: 'truncated' })],
    ['single devices of a batch that fail', script({ target: 'device', answer: 'gatewayTimeout', every: 7, times: 6 })],
    [
      'single devices of a batch that are throttled',
      script({ target: 'device', answer: 'tooManyRequests', skip: 5, times: 3 }),
    ],
    ['fewer questions than a batch holds', behave({ intuneRequestLimit: 15 })],
  ])('are those of their own device with %s', async (_, begin) => {
    await using nac = await startQuirky({ env: { HARDWARE_MAX_AGE: '7d' } });
    begin(nac.tenant);
    // A device left out is fetched with the next walk through the fleet, a quarter of an hour later.
    for (let tick = 0; tick < 6; tick++) await tickAfter(nac, 4 * MINUTE_MS);
    await expectHardware(nac);
    const { batch } = nac.tenant.stats().requests;
    nac.changes.length = 0;
    await tickAfter(nac, HOUR_MS);
    expect(nac.tenant.stats().requests.batch, 'everything is fetched once').toBe(batch);
    expect(nac.changes).toEqual([]);
  });
});

test('a Graph that refuses filters it does not document refuses none of ours', async () => {
  await using nac = await startQuirky({ env: { CHANGED_DEVICES_INTERVAL: '1m', POLLING_INTERVAL: '12h' } });
  nac.tenant.behave({ unsupportedFilter: 'refused' });
  expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
  nac.changes.length = 0;
  const [name = ''] = compliantDevices(nac, 1);
  nac.tenant.fleet.patch(name, { complianceState: 'noncompliant' });
  await tickAfter(nac);
  expect(await standingOf(nac, name)).toBe('noncompliant');
  await expectChangesReported(nac, { [name]: 1 });
  expect(nac.log.filter(({ level, event }) => level !== 'info' && event.startsWith('poll.'))).toEqual([]);
});

const HALF_THE_USUAL_FLEET = { fleetSize: 30, pageSize: 10 };

describe('Entra’s delta', () => {
  test.each<[string, Begin]>([
    ['one object on a page', behave({ deltaPageSize: 1 })],
    ['every object twice', behave({ deltaDuplicates: true })],
    ['changes reported again', behave({ deltaReplays: 5 })],
    ['objects that cannot be restored', behave({ removedReason: 'deleted' })],
    ['changes that take a minute and a half to arrive', behave({ entraLagSeconds: 90 })],
    ['a link that has expired: 404', behave({ expiredDeltaStatus: 404, deltaTokenLifetimeSeconds: 30 })],
    ['a link that has expired: 410', behave({ expiredDeltaStatus: 410, deltaTokenLifetimeSeconds: 30 })],
    ['429 without Retry-After', script({ target: 'delta', answer: 'tooManyRequests', times: 2 })],
    ['a truncated page', script({ target: 'delta', damage: 'truncated', times: 2 })],
  ])('with %s brings a silent change once, and no other', async (_, begin) => {
    await using nac = await startQuirky({
      tenant: HALF_THE_USUAL_FLEET,
      env: { ENTRA_DEVICE_DELTA: 'on', CHANGED_DEVICES_INTERVAL: '1m', POLLING_INTERVAL: '12h' },
    });
    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    await tickAfter(nac);
    nac.changes.length = 0;
    begin(nac.tenant);
    const names = compliantDevices(nac, 5);
    for (const name of names) {
      const { lastSyncDateTime } = nac.tenant.fleet.get(name);
      nac.tenant.fleet.patch(name, { complianceState: 'noncompliant', lastSyncDateTime });
    }
    const [removed = ''] = compliantDevices(nac, 1);
    const { id, azureADDeviceId } = nac.tenant.fleet.remove(removed);
    expect(azureADDeviceId).toMatch(/-/);

    for (let tick = 0; tick < 10; tick++) await tickAfter(nac);
    for (const name of names) expect(await standingOf(nac, name)).toBe('noncompliant');
    expect(nac.changes.filter((change) => change.id !== id).length).toBe(5);
    await tickAfter(nac, 13 * HOUR_MS);
    await tickAfter(nac, 13 * HOUR_MS);
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, Object.fromEntries([...names, removed].map((name) => [name, 1])));
  });
});

describe('with the least permission', () => {
  const standing = async ({ app, apiKey, tenant }: ConnectorFixture, name: string) => {
    const { id, wiFiMacAddress } = tenant.fleet.get(name);
    const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
    const request = { method: 'eap-tls', eapType: 'TLS', certificate, callingStationId: String(wiFiMacAddress) };
    return renderJson(await app.lookup(apiKey, JSON.stringify(request))).standing;
  };
  const roles = { graph: ['Application.Read.All'], intune: ['get_device_compliance'] };
  /** Each call asks for a token. */
  const startLeast = (env: Readonly<Record<string, string>>) =>
    startQuirky({
      tenant: { ...HALF_THE_USUAL_FLEET, roles, tokenLifetimeSeconds: 250, now: () => new Date() },
      env: { INTUNE_PERMISSIONS: 'compliance-only', HTTPS_READ_TIMEOUT: '1s', ...env },
    });
  const both = (answer: Omit<Script, 'target'>): Begin =>
    script(
      { target: 'complianceDevice', times: 1000, ...answer },
      { target: 'complianceList', times: 1000, ...answer },
    );

  test.each<[string, Begin]>([
    ['truncated XML', both({ damage: 'truncated' })],
    ['an answer that breaks off', both({ damage: 'cut' })],
    ['sockets that hang', both({ hang: true })],
    ['the page of a captive portal', both({ answer: 'captivePortal' })],
    ['429 without Retry-After', both({ answer: 'tooManyRequests' })],
    ['503', both({ answer: 'serviceUnavailable' })],
    [
      'a directory that does not say where the service is',
      script(
        { target: 'endpoints', answer: 'gatewayTimeout', times: 1000 },
        { target: 'complianceDevice', status: 500, times: 1000 },
        { target: 'complianceList', status: 500, times: 1000 },
      ),
    ],
    ['consent revoked', (tenant) => tenant.register({ roles: { graph: [], intune: [] } })],
  ])('%s leaves what is known as it is, and the next good answer counts', async (_, begin) => {
    await using nac = await startLeast({ LIVE_QUERIES_PER_SECOND: '0' });
    const [name = '', steady = ''] = compliantDevices(nac, 2);
    for (const each of [name, steady]) expect(await standing(nac, each)).toBe('notEnrolled');
    await nac.app.poll(SLICE_MS);
    for (const each of [name, steady]) expect(await standing(nac, each)).toBe('compliant');
    nac.changes.length = 0;
    begin(nac.tenant);
    nac.tenant.fleet.patch(name, { complianceState: 'noncompliant' });
    const before = nac.tenant.stats().requests;

    nac.clock.advance(2 * HOUR_MS);
    for (let tick = 0; tick < 3; tick++) {
      await tickAfter(nac, 10 * MINUTE_MS);
      for (const each of [name, steady]) expect(await standing(nac, each)).toBe('compliant');
    }
    const { complianceDevice, complianceList } = nac.tenant.stats().requests;
    expect(complianceDevice + complianceList - before.complianceDevice - before.complianceList).toBeLessThanOrEqual(
      3 * 3,
    );
    expect(nac.changes).toEqual([]);
    for (const { level, fields } of nac.log.filter(({ event }) => event.endsWith('failed'))) {
      expect(level).not.toBe('info');
      expect(String(fields['code'])).toMatch(/^NAC_SOURCE_/);
      expect(String(fields['action'])).toMatch(/\w{4}/);
    }

    nac.tenant.clearScripts();
    nac.tenant.register({ roles });
    for (let tick = 0; tick < 6; tick++) await tickAfter(nac, 31 * MINUTE_MS);
    expect(await standing(nac, name)).toBe('noncompliant');
    expect(await standing(nac, steady)).toBe('compliant');
    expect(nac.changes).toMatchObject([{ after: { complianceState: 'noncompliant', presence: 'present' } }]);
  });

  test.each([['asUnknown' as const], ['badRequest' as const]])(
    'a certificate with an id that is none calls no device enrolled, and asks no source: %s',
    async (malformedValue) => {
      await using nac = await startLeast({ LIVE_QUERY_DEADLINE: '600ms' });
      nac.tenant.behave({ malformedValue });
      const certificate = { sanUri: ['IntuneDeviceId://0f8fad5b-d9cb-469f-a165'] };
      const request = { method: 'eap-tls', eapType: 'TLS', certificate, callingStationId: 'A4-BB-6D-00-00-01' };
      const answer = renderJson(await nac.app.lookup(nac.apiKey, JSON.stringify(request)));
      await nac.app.poll(SLICE_MS);
      expect(answer.decision).toBe('permit');
      expect(answer.role).toBe('quarantine');
      expect(nac.tenant.stats().requests.complianceDevice).toBe(0);
    },
  );

  test.each([[['compliant' as const]], [['compliant' as const, 'error' as const]]])(
    'says yes to whatever Intune calls compliant: %j',
    async (compliantStates) => {
      await using nac = await startLeast({ LIVE_QUERIES_PER_SECOND: '0' });
      nac.tenant.behave({ compliantStates });
      const [name = ''] = compliantDevices(nac, 1);
      nac.tenant.fleet.patch(name, { complianceState: 'error' });
      await standing(nac, name);
      await nac.app.poll(SLICE_MS);
      expect(await standing(nac, name)).toBe(compliantStates.length === 2 ? 'compliant' : 'noncompliant');
    },
  );
});
