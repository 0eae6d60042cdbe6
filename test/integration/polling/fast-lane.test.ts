// A quarantined device that asks is read again every minute for a while, long before the next sweep.

import { expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const MINUTE_MS = 60_000;

/** Nothing but the fast lane reads single devices; the next sweep is hours away. */
async function quiet(): Promise<ConnectorFixture> {
  const nac = await startConnector({
    env: { POLLING_INTERVAL: '12h', FAST_LANE: '15m' },
  });
  await nac.app.poll(MINUTE_MS);
  return nac;
}

async function standing(nac: ConnectorFixture, name: string): Promise<string> {
  const mac = String(nac.tenant.fleet.get(name).wiFiMacAddress);
  const request = { method: 'mab', userName: mac, callingStationId: mac };
  return (await nac.app.lookup(nac.apiKey, JSON.stringify(request))).decision.standing;
}

async function storedState(nac: ConnectorFixture, name: string): Promise<string | undefined> {
  const key = { source: 'intune', id: nac.tenant.fleet.get(name).id };
  return (await nac.devices.read(key))?.device.complianceState;
}

async function tick(nac: ConnectorFixture, minutes = 1): Promise<void> {
  nac.clock.advance(minutes * MINUTE_MS);
  await nac.app.poll(MINUTE_MS);
}

test('notices within a minute that the device has become compliant, even after many looks in vain', async () => {
  await using nac = await quiet();
  expect(await standing(nac, 'NAC-00002')).toBe('noncompliant');
  for (let minute = 1; minute <= 8; minute++) await tick(nac);
  nac.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
  await tick(nac);
  expect(await standing(nac, 'NAC-00002')).toBe('compliant');
});

test('ends a quarter of an hour after the device asked last', async () => {
  await using nac = await quiet();
  await standing(nac, 'NAC-00002');
  await tick(nac, 16);
  nac.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
  await tick(nac);
  expect(await storedState(nac, 'NAC-00002')).toBe('noncompliant');
  await standing(nac, 'NAC-00002');
  await tick(nac);
  expect(await storedState(nac, 'NAC-00002')).toBe('compliant');
});

test('is not for a device to which compliance makes no difference, nor for one that is compliant', async () => {
  await using nac = await quiet();
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: nac.storage.connectionString,
  });
  const policies = await nac.app.policies(await registry.createClient('olga', 'hq', 'administrator'));
  await policies.upload('v1', 'roles: { all: { vlan: 7 } }\nrules: [{ name: all, permit: all }]\n');
  await policies.activate('v1');
  await standing(nac, 'NAC-00001');
  await standing(nac, 'NAC-00002');
  nac.tenant.fleet.patch('NAC-00001', { complianceState: 'error' });
  nac.tenant.fleet.patch('NAC-00002', { complianceState: 'error' });
  await tick(nac);
  expect([await storedState(nac, 'NAC-00001'), await storedState(nac, 'NAC-00002')]).toEqual([
    'compliant',
    'noncompliant',
  ]);
});
