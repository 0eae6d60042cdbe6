// Rules of docs/compliance-rules.md that show in an answer: asked through the lookup, after a poll of the simulated
// tenant.

import { expect, test } from 'vitest';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { compliantDevices, setState, sweepAgain } from '../../support/hold-scenario.ts';
import { ask, jobsOf, MINUTE_MS, QUARANTINE, startEnforcement, takeJobs } from '../enforcement/enforcement-fixture.ts';

const DAY_MS = 24 * 3_600_000;

async function answerFor(nac: ConnectorFixture, mac: string) {
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' };
  return renderJson(await nac.app.lookup(nac.apiKey, JSON.stringify(request)));
}

function macOf({ tenant }: ConnectorFixture, name: string): string {
  return String(tenant.fleet.get(name).wiFiMacAddress);
}

test('a device in its grace period counts as compliant, unless settings say otherwise', async () => {
  for (const [states, role] of [
    ['compliant,inGracePeriod', 'compliant'],
    ['compliant', 'quarantine'],
  ] as const) {
    await using nac = await startConnector({
      store: 'memory',
      tenant: { fleetSize: 60 },
      env: { COMPLIANT_STATES: states },
    });
    const [name = ''] = compliantDevices(nac, 1);
    setState(nac, [name], 'inGracePeriod');
    await nac.app.poll(120_000);

    expect(await answerFor(nac, macOf(nac, name))).toMatchObject({ standing: 'inGracePeriod', role });
  }
});

test('a device that has not checked in for thirty days is silent, from that moment on and without a poll', async () => {
  await using nac = await startConnector({ store: 'memory', tenant: { fleetSize: 60 } });
  const [name = ''] = compliantDevices(nac, 1);
  nac.tenant.fleet.patch(name, { lastSyncDateTime: nac.clock.now().toISOString() });
  await nac.app.poll(120_000);
  nac.clock.advance(29 * DAY_MS);
  expect(await answerFor(nac, macOf(nac, name))).toMatchObject({ standing: 'compliant' });
  nac.clock.advance(2 * DAY_MS);

  expect(await answerFor(nac, macOf(nac, name))).toMatchObject({
    standing: 'silent',
    compliance: 'compliant',
    role: 'quarantine',
  });

  nac.tenant.fleet.patch(name, { lastSyncDateTime: nac.clock.now().toISOString() });
  await sweepAgain(nac);
  expect(await answerFor(nac, macOf(nac, name))).toMatchObject({ standing: 'compliant', role: 'compliant' });
});

test('a session moves when its device becomes silent, although no poll has seen a change', async () => {
  await using nac = await startEnforcement({ MAX_CHECK_IN_AGE: '2d' });
  const checkedInAt = nac.clock.now();
  nac.tenant.fleet.patch('NAC-00001', { lastSyncDateTime: checkedInAt.toISOString() });
  await sweepAgain(nac);
  const silentAt = checkedInAt.getTime() + 2 * DAY_MS;
  nac.clock.advance(silentAt - 10 * MINUTE_MS - nac.clock.now().getTime());
  expect((await ask(nac, 'NAC-00001')).decision).toMatchObject({ standing: 'compliant' });
  await nac.app.enforce();
  expect(await jobsOf(nac)).toEqual([]);
  const changes = nac.changes.length;

  nac.clock.advance(20 * MINUTE_MS);
  await nac.app.poll(MINUTE_MS);
  await nac.app.enforce();
  expect(nac.changes.length).toBe(changes);
  expect(await takeJobs(nac)).toHaveLength(1);
  expect(await jobsOf(nac)).toMatchObject([
    { wanted: QUARANTINE, reason: expect.stringContaining('compliant -> silent') },
  ]);
});

test('a machine enrolled twice stands as its worse record says; two machines with one address are ambiguous', async () => {
  await using nac = await startConnector({ store: 'memory', tenant: { fleetSize: 60 } });
  const [name = ''] = compliantDevices(nac, 1);
  const { wiFiMacAddress, serialNumber, azureADDeviceId } = nac.tenant.fleet.get(name);
  const again = nac.tenant.fleet.add({ deviceName: 'AGAIN', wiFiMacAddress, serialNumber, azureADDeviceId });
  nac.tenant.fleet.patch(again.id, { complianceState: 'noncompliant', managementState: 'managed' });
  await nac.app.poll(120_000);
  expect(await answerFor(nac, String(wiFiMacAddress))).toMatchObject({
    standing: 'noncompliant',
    device: { id: again.id },
  });

  nac.tenant.fleet.patch(again.id, { managementState: 'wipePending' });
  await sweepAgain(nac);
  expect(await answerFor(nac, String(wiFiMacAddress))).toMatchObject({ standing: 'compliant' });

  nac.tenant.fleet.patch(again.id, { serialNumber: 'ANOTHER-MACHINE', azureADDeviceId: null as never });
  await sweepAgain(nac);
  expect(await answerFor(nac, String(wiFiMacAddress))).toMatchObject({ standing: 'ambiguous', role: 'quarantine' });
});

test('two machines that share a serial number, as firmware hands them out, are two by address and by certificate', async () => {
  await using nac = await startConnector({ store: 'memory', tenant: { fleetSize: 60 } });
  const [one = '', other = ''] = compliantDevices(nac, 2);
  const { wiFiMacAddress } = nac.tenant.fleet.get(one);
  for (const name of [one, other]) {
    nac.tenant.fleet.patch(name, { serialNumber: 'SystemSerialNumb', wiFiMacAddress, managementState: 'managed' });
  }
  nac.tenant.fleet.patch(other, { complianceState: 'noncompliant' });
  await nac.app.poll(120_000);
  expect(await answerFor(nac, String(wiFiMacAddress))).toMatchObject({ standing: 'ambiguous' });
  const body = JSON.stringify({ method: 'eap-tls', certificate: { commonName: 'SystemSerialNumb' } });
  expect(renderJson(await nac.app.lookup(nac.apiKey, body))).toMatchObject({ standing: 'ambiguous' });
});

test('a held change is marked in the answer, which stays what it was', async () => {
  await using nac = await startConnector({
    store: 'memory',
    tenant: { fleetSize: 60 },
    env: { MASS_CHANGE_DEVICES: '5' },
  });
  await nac.app.poll(120_000);
  const names = compliantDevices(nac, 8);
  setState(nac, names, 'noncompliant');
  await sweepAgain(nac);

  expect(await answerFor(nac, macOf(nac, String(names[0])))).toMatchObject({
    standing: 'compliant',
    role: 'compliant',
    source: 'held',
  });
});
