// An MDM server beside Intune, both over HTTPS: its devices are stored, found and changed as Intune’s are, and a server
// that fails takes nothing from Intune.

import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type MdmServer, startMdmServer } from '../../../local/mdm-server/mdm-server.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { type AdjustableClock, adjustableClock } from '../../support/adjustable-clock.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const MINUTE_MS = 60_000;
const TICK_MS = 10 * MINUTE_MS;
/** As Meraki writes its ids. */
const GOOD = '564797900001';
const BAD = '564797900002';
const THIRD = '564797900003';

interface Both extends AsyncDisposable {
  readonly nac: ConnectorFixture;
  readonly mdm: MdmServer;
  readonly clock: AdjustableClock;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Both> {
  const stack = new AsyncDisposableStack();
  const clock = adjustableClock();
  const now = (): Date => clock.now();
  const mdm = await startMdmServer({ fleetSize: 0, now, behaviour: { queryMaxSize: 2 } });
  stack.defer(() => mdm.close());
  mdm.fleet.enrol({ guid: GOOD, compliant: true });
  mdm.fleet.enrol({ guid: BAD, compliant: false });
  mdm.fleet.enrol({ guid: THIRD, compliant: true });
  const nac = await startConnector({
    tenant: { fleetSize: 6, now, tokenLifetimeSeconds: 30 * 24 * 3600 },
    env: {
      MDM_PRESET: 'meraki-systems-manager',
      MDM_ADDRESS: `${mdm.address}/ciscoise`,
      MDM_USERNAME: mdm.username,
      MDM_PASSWORD: mdm.password,
      MASS_CHANGE_DEVICES: '1000',
      ...env,
    },
    overrides: { clock },
  });
  stack.defer(() => nac[Symbol.asyncDispose]());
  await appendFile(nac.env['EXTRA_CA_FILE'] ?? '', `\n${mdm.caPem}`);
  return { nac, mdm, clock, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function standingOf({ nac }: Both, sanUri: string): Promise<unknown> {
  const question = { method: 'eap-tls', userName: 'host/x', eapType: 'TLS', certificate: { sanUri: [sanUri] } };
  const answer = await nac.app.lookup(
    nac.apiKey,
    JSON.stringify({ ...question, callingStationId: 'A4-BB-6D-00-00-01' }),
  );
  return renderJson(answer).standing;
}

async function standingOfMac({ nac }: Both, mac: string): Promise<unknown> {
  const question = { method: 'mab', userName: mac, callingStationId: mac };
  return renderJson(await nac.app.lookup(nac.apiKey, JSON.stringify(question))).standing;
}

const ofMeraki = (id: string): string => `ID:MerakiSM:DeviceID:${id}`;

async function later({ nac, clock }: Both, minutes: number): Promise<void> {
  clock.advance(minutes * MINUTE_MS);
  await nac.app.poll(TICK_MS);
}

test('a server that lists every device is swept: a certificate finds its device, and a change reaches it', async () => {
  await using both = await start({ MDM_LISTS_ALL: 'on' });
  const { nac, mdm } = both;
  await nac.app.poll(TICK_MS);
  expect(await nac.devices.read({ source: 'meraki', id: GOOD })).toMatchObject({
    presence: 'present',
    device: { complianceState: 'compliant', serialNumber: mdm.fleet.get(GOOD).serialNumber },
  });
  expect([await standingOf(both, ofMeraki(GOOD)), await standingOf(both, ofMeraki(BAD))]).toEqual([
    'compliant',
    'noncompliant',
  ]);
  expect(await standingOf(both, ofMeraki('1'))).toBe('notEnrolled');
  const ofIntune = nac.tenant.fleet.get('NAC-00001').id;
  expect(await standingOf(both, `IntuneDeviceId://${ofIntune}`)).toBe('compliant');

  mdm.fleet.change(GOOD, { compliant: false });
  nac.changes.length = 0;
  await later(both, 16);
  expect(nac.changes).toMatchObject([{ source: 'meraki', id: GOOD, after: { complianceState: 'noncompliant' } }]);
  expect(await standingOf(both, ofMeraki(GOOD))).toBe('noncompliant');
});

test('a server that lists noncompliant devices alone is asked about devices that authenticate', async () => {
  await using both = await start({ COMPLIANCE_REAUTH_INTERVAL: '7d' });
  const { nac, mdm } = both;
  await nac.app.poll(TICK_MS);
  const [mac = ''] = mdm.fleet.get(THIRD).macAddresses;
  // Nothing is known of them before they ask; they ask again.
  expect([await standingOf(both, ofMeraki(GOOD)), await standingOfMac(both, mac)]).toEqual([
    'notEnrolled',
    'notEnrolled',
  ]);
  await later(both, 2);
  expect([await standingOf(both, ofMeraki(GOOD)), await standingOfMac(both, mac)]).toEqual(['compliant', 'compliant']);
  // Asked for by its id, the record is whole; by its address it is the verdict alone.
  const { serialNumber } = mdm.fleet.get(GOOD);
  expect((await nac.devices.read({ source: 'meraki', id: GOOD }))?.device.serialNumber).toBe(serialNumber);
  expect(await nac.devices.read({ source: 'meraki', id: THIRD })).toMatchObject({
    device: { wifiMac: mac.toLowerCase() },
  });

  mdm.fleet.change(GOOD, { compliant: false });
  await later(both, 16);
  expect(await standingOf(both, ofMeraki(GOOD))).toBe('noncompliant');
});

test('a server that fails, refuses or lies takes nothing from Intune, and its devices keep what was stored', async () => {
  await using both = await start({ MDM_LISTS_ALL: 'on', MASS_CHANGE_DEVICES: '1' });
  const { nac, mdm } = both;
  await nac.app.poll(TICK_MS);
  const ofIntune = nac.tenant.fleet.get('NAC-00001').id;
  const behaviours = [
    { document: 'html' },
    { redirectTo: 'https://evil.example/' },
    { requestLimit: 0 },
    { busySeconds: 60, busyAnswer: 'noDevices' },
  ] as const;
  for (const behaviour of behaviours) {
    mdm.behaveAsUsual();
    mdm.behave(behaviour);
    const before = nac.tenant.stats().requests.page;
    await later(both, 61);
    expect(nac.tenant.stats().requests.page).toBeGreaterThan(before);
    expect(await standingOf(both, `IntuneDeviceId://${ofIntune}`)).toBe('compliant');
    expect(await standingOf(both, ofMeraki(GOOD))).toBe('compliant');
  }
  expect(nac.log.filter(({ event, level }) => level === 'error' && event.startsWith('app.'))).toEqual([]);
});
