// Overrides through the app itself, over tables in memory: what beats what, at which instance, since when, and until when.

import { describe, expect, test } from 'vitest';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import type { Device } from '../../../shared/domain/device.ts';
import { MOST_OF_SITE, MOST_OVERRIDES, PLACES_OF_ADMINISTRATORS } from '../../../shared/domain/override.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { aDevice, aDeviceOfFleet, aMac } from '../../support/a-device.ts';
import {
  COMPLIANT,
  COMPLIANT_ENTRA,
  NONCOMPLIANT,
  type OverriddenSite,
  overriddenSite,
  removeDevices,
  storeDevices,
} from '../../support/overridden-site.ts';

const MAC = 'a0b1c2d3e401';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const DENIED = { verdict: 'deny' };
const NORMAL = { verdict: 'permit', role: 'compliant', vlan: '10' };

const EAP = {
  method: 'eap-tls',
  certificate: { sanUri: [`IntuneDeviceId://${COMPLIANT}`], serial: '0A:1B', issuer: '/CN=Issuing CA' },
};

describe('a block', () => {
  test('is in force at every instance ten seconds later, though each had answered a moment before', async () => {
    const site = await overriddenSite();
    for (const instance of [0, 1] as const)
      expect((await site.ask({}, { instance })).decision.outcome).toMatchObject(NORMAL);
    await site.override({ mac: 'A0-B1-C2-D3-E4-01', block: true });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    for (const instance of [0, 1] as const) {
      const answer = await site.ask({}, { instance });
      expect(answer.decision.outcome).toEqual(DENIED);
      expect(renderJson(answer)).toMatchObject({ rule: 'override/block', override: { reason: 'stolen' } });
    }
  });

  test.each([
    ['the device id, in braces and upper case', { device: `{${COMPLIANT.toUpperCase()}}` }, {}],
    ['a serial number in another notation', { certificate: { serial: '0x0a1b' } }, EAP],
    ['a serial number as Windows copies it', { certificate: { serial: '\u200e0a 1b' } }, EAP],
    ['a serial number in octets', { certificate: { serial: '0A-1B' } }, EAP],
    [
      'a serial number of an authority, where the server does not say which',
      { certificate: { serial: '0a1b', issuer: 'CN=Issuing CA' } },
      { ...EAP, certificate: { ...EAP.certificate, issuer: '' } },
    ],
    [
      'the user, with an accent written apart',
      { user: 'zoe\u0308@contoso.com' },
      { method: 'site', userName: 'zo\u00eb@contoso.com' },
    ],
    [
      'an address that a VPN client reports',
      { mac: MAC },
      {
        method: 'site',
        userName: 'jane',
        callingStationId: '203.0.113.7',
        ciscoAvPairs: ['mdm-tlv=device-mac=A0-B1-C2-D3-E4-01'],
      },
    ],
    ['the user, by MSCHAP name', { user: 'jane@contoso.com' }, { method: 'site', userName: 'CONTOSO\\Jane' }],
    ['the user, though another certificate vouches', { user: 'jane' }, { ...EAP, userName: 'jane@contoso.com' }],
    ['the device that a certificate names, stored or not', { device: COMPLIANT }, EAP],
  ])('takes %s', async (_, about, question) => {
    const site = await overriddenSite();
    await site.override({ ...about, block: true });
    expect((await site.ask(question)).decision).toMatchObject({ outcome: DENIED, rule: 'override/block' });
  });

  test('beats a let-on, whichever was made last', async () => {
    const site = await overriddenSite();
    await site.override({ mac: MAC, block: true });
    await site.override({ mac: MAC, role: 'compliant' });
    expect((await site.ask()).decision.outcome).toEqual(DENIED);
  });

  test('of a certificate takes one whose serial number was cut; one that came without is reported', async () => {
    const site = await overriddenSite();
    await site.override({ certificate: { serial: 'ff' }, block: true });
    const { serial, ...certificate } = EAP.certificate;
    const cut = await site.ask({ ...EAP, certificate, cut: ['certificate.serial'] });
    expect(cut.decision.outcome).toEqual(DENIED);
    const without = await site.ask({ ...EAP, certificate });
    expect(without.decision).toMatchObject({
      outcome: NORMAL,
      problems: expect.arrayContaining(['override-serial-unread']),
    });
  });

  test('of a user takes whose name was cut, since a NUL behind it hides it', async () => {
    const site = await overriddenSite();
    const asked = { method: 'site', userName: 'jane', cut: ['userName'] };
    expect((await site.ask(asked)).decision.problems).not.toContain('override-user-unread');
    await site.override({ user: 'jane', block: true });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(asked)).decision).toMatchObject({
      outcome: DENIED,
      problems: expect.arrayContaining(['override-user-unread']),
    });
  });

  test('of a certificate is reported where a resumed session shows none', async () => {
    const site = await overriddenSite();
    await site.override({ certificate: { serial: 'ff' }, block: true });
    const { decision } = await site.ask({ method: 'eap-tls' });
    expect(decision.problems).toContain('override-serial-unread');
  });

  test('stays while the list cannot be read, and permits are short then; an instance that never read it answers nothing', async () => {
    const site = await overriddenSite();
    await site.override({ mac: MAC, block: true });
    expect((await site.ask()).decision.outcome).toEqual(DENIED);
    const other = { mac: 'a0b1c2d3e402' };
    expect((await site.ask(other)).sessionTimeoutSeconds).toBeGreaterThan(600);
    site.store.fails = 'policies.listEntities';
    await site.time.runUntil(site.time.now + 30 * SECOND);
    expect((await site.ask()).decision.outcome).toEqual(DENIED);
    expect((await site.ask(other)).sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    await expect(site.ask({}, { instance: 1 })).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
  });
});

describe('a block of a user', () => {
  const OWNED = 'd0d0d0d0-0000-4000-8000-000000000004';
  const asked = (userName: string) => ({ method: 'site', userName, mac: 'a0b1c2d3e499' });
  const byCertificate = (certificate: Record<string, unknown>) => ({ method: 'eap-tls', certificate });

  test.each<[string, string, Record<string, unknown>]>([
    ['the name of another domain', 'jane@contoso.com', asked('jane@corp.contoso.local')],
    ['the name before Windows 2000', 'jane@contoso.com', asked('CORP\\jane')],
    ['the name of a domain that is not hers', 'jane@contoso.com', asked('OTHER\\Jane')],
    ['the whole name, though the block has the short one', 'CORP\\jane', asked('jane@contoso.com')],
    ['an accent that a directory does not see', 'jane@contoso.com', asked('j\u00e1ne')],
    ['the common name of a certificate', 'jane@contoso.com', byCertificate({ commonName: 'Jane' })],
    ['the device that is hers, by its address', 'jane@contoso.com', { mac: 'a0b1c2d3e404' }],
    [
      'the device that is hers, by its certificate',
      'CORP\\Jane',
      byCertificate({ sanUri: [`IntuneDeviceId://${OWNED}`] }),
    ],
    ['the device that is hers, used by another', 'jane@contoso.com', { ...asked('bob'), mac: 'a0b1c2d3e404' }],
  ])('takes %s; a let-on does not', async (_, user, question) => {
    const owned = { id: OWNED, name: 'LT-4', wifiMac: aMac('a0b1c2d3e404'), serialNumber: 'SN4' };
    const site = await overriddenSite();
    await storeDevices(site.tables, [aDevice({ ...owned, userPrincipalName: 'Jane@contoso.com' })]);
    const letOn = await site.override({ user, role: 'compliant' });
    expect((await site.ask(question)).decision.rule).not.toBe('override/let-on');
    await site.background.endOverride(site.key('admin'), letOn.id);
    await site.override({ user, block: true });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(question)).decision).toMatchObject({ outcome: DENIED, rule: 'override/block' });
    expect((await site.ask(asked('janet@contoso.com'))).decision.rule).not.toBe('override/block');
  });

  test.each(['@contoso.com', 'CORP\\', 'host/lt-1', 'LT-1$'])('that names no person (%s) is refused', async (user) => {
    const site = await overriddenSite();
    await expect(site.override({ user, block: true })).rejects.toMatchObject({
      code: 'NAC_REQUEST_FIELD',
      field: 'user',
    });
  });
});

describe('a block of a device', () => {
  const TWIN = 'd0d0d0d0-0000-4000-8000-000000000004';
  const MARKS = { entraDeviceId: COMPLIANT_ENTRA, serialNumber: 'SN1', wifiMac: aMac(MAC) };
  const OTHER_ENTRA = 'e0e0e0e0-0000-4000-8000-000000000005';
  const twin = (fields: Partial<Device>): Device => {
    const own = { entraDeviceId: OTHER_ENTRA, serialNumber: 'SN9', wifiMac: aMac('a0b1c2d3e409') };
    return aDevice({ id: TWIN, name: 'LT-9', ...own, ...fields });
  };
  const byTwin = { method: 'eap-tls', certificate: { sanUri: [`IntuneDeviceId://${TWIN}`] }, mac: 'a0b1c2d3e409' };
  const { entraDeviceId: _, ...WITHOUT_ENTRA } = twin({});

  test.each<[string, Device, boolean]>([
    ['of the same Entra device', twin({ entraDeviceId: MARKS.entraDeviceId }), true],
    ['with the same serial number', { ...WITHOUT_ENTRA, serialNumber: 'sn1' }, true],
    ['with an address of it', { ...WITHOUT_ENTRA, serialNumber: 'unknown', ethernetMac: aMac(MAC) }, true],
    ['with its serial number and address, set up again', twin({ serialNumber: 'SN1', wifiMac: MARKS.wifiMac }), true],
    ['with its serial number, of another Entra device', twin({ serialNumber: 'SN1' }), false],
    ['that had the same dock', twin({ ethernetMac: aMac(MAC) }), false],
    ['of another machine', twin({}), false],
  ])('takes the record %s as it should', async (__, record, isTaken) => {
    const site = await overriddenSite();
    await site.override({ device: COMPLIANT, block: true });
    // It enrols again later.
    await storeDevices(site.tables, [record]);
    const { rule } = (await site.ask(byTwin)).decision;
    expect(rule === 'override/block').toBe(isTaken);
    await site.override({ device: COMPLIANT, role: 'quarantine' });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(byTwin)).decision.rule).not.toBe('override/let-on');
  });

  test('takes its address where that leads to no record, or to several', async () => {
    const site = await overriddenSite();
    await site.override({ device: COMPLIANT, block: true });
    await storeDevices(site.tables, [twin({ ethernetMac: aMac(MAC) })]);
    expect((await site.ask()).decision).toMatchObject({ standing: 'ambiguous', rule: 'override/block' });
    await removeDevices(site.tables, [COMPLIANT, TWIN]);
    await site.time.runUntil(site.time.now + 2 * MINUTE);
    expect((await site.ask()).decision).toMatchObject({ standing: 'notEnrolled', rule: 'override/block' });
    const byUser = { method: 'eap-tls', certificate: { sanUpn: ['bob@contoso.com'] }, mac: MAC };
    expect((await site.ask(byUser)).decision.rule).toBe('override/block');
  });

  test('shows no more of it than was asked for', async () => {
    const site = await overriddenSite();
    const made = await site.override({ device: COMPLIANT, block: true });
    expect(JSON.stringify(made)).not.toMatch(/SN1|machine/);
    expect(made.warnings).toEqual([]);
    for (const record of [twin({ entraDeviceId: MARKS.entraDeviceId }), twin({ serialNumber: 'SN1' })]) {
      await storeDevices(site.tables, [record]);
      const { warnings } = await site.override({ device: COMPLIANT, block: true, reason: String(record.serialNumber) });
      expect(warnings).toEqual(['device-enrolled-twice']);
    }
  });
});

describe('a let-on', () => {
  const other = { mac: 'a0b1c2d3e402' };

  test('gives its role at once, for no longer than it has left, and ends by itself', async () => {
    const site = await overriddenSite();
    await site.override({ ...other, role: 'compliant', until: '10m' });
    const { decision, sessionTimeoutSeconds } = await site.ask(other);
    expect(decision).toMatchObject({ outcome: NORMAL, rule: 'override/let-on' });
    expect(sessionTimeoutSeconds).toBeLessThanOrEqual(600);
    await site.time.runUntil(site.time.now + 10 * MINUTE);
    expect((await site.ask(other)).decision.outcome).toMatchObject({ role: 'quarantine' });
  });

  test('ends by itself though the list cannot be read', async () => {
    const site = await overriddenSite();
    await site.override({ ...other, role: 'compliant', until: '10m' });
    await site.ask(other);
    site.store.fails = 'policies.listEntities';
    await site.time.runUntil(site.time.now + 10 * MINUTE);
    expect((await site.ask(other)).decision.outcome).toMatchObject({ role: 'quarantine' });
  });

  const byCertificate = {
    method: 'eap-tls',
    ...other,
    certificate: { sanUri: [`IntuneDeviceId://${NONCOMPLIANT}`], serial: '0a1b', issuer: '/O=Contoso/CN=Issuing CA' },
  };
  const raised = { outcome: NORMAL, rule: 'override/let-on' };
  const notProven = { outcome: { role: 'quarantine' }, problems: expect.arrayContaining(['override-not-proven']) };

  test.each([
    ['a device, by its certificate', { device: NONCOMPLIANT }, byCertificate, raised],
    ['a device, by its address alone', { device: NONCOMPLIANT }, other, notProven],
    ['an address, by MAB', other, other, raised],
    ['an address, with another proof', other, { ...other, method: 'site', userName: 'eve' }, notProven],
    [
      'a certificate, by number and issuer',
      { certificate: { serial: 'A1B', issuer: 'Issuing CA' } },
      byCertificate,
      raised,
    ],
    [
      'a user, authenticated',
      { user: 'Jane@contoso.com' },
      { ...other, method: 'site', userName: 'jane@contoso.com' },
      raised,
    ],
    [
      'a user, who only says so',
      { user: 'jane@contoso.com' },
      { ...byCertificate, userName: 'jane@contoso.com' },
      notProven,
    ],
    [
      'a user, of another realm',
      { user: 'jane@contoso.com' },
      { ...other, method: 'site', userName: 'jane' },
      notProven,
    ],
  ])('for %s', async (_, about, question, expected) => {
    const site = await overriddenSite();
    await site.override({ ...about, role: 'compliant' });
    expect((await site.ask(question)).decision).toMatchObject(expected);
  });

  test('by certificate takes no other issuer, and needs one', async () => {
    const site = await overriddenSite();
    await site.override({ certificate: { serial: '0a1b', issuer: 'Other CA' }, role: 'compliant' });
    expect((await site.ask(byCertificate)).decision.outcome).toMatchObject({ role: 'quarantine' });
    await expect(site.override({ certificate: { serial: '0a1b' }, role: 'compliant' })).rejects.toMatchObject({
      code: 'NAC_REQUEST_FIELD',
      field: 'certificate.issuer',
    });
  });

  test('raises no station that nothing authenticated', async () => {
    const site = await overriddenSite();
    await site.override({ ...other, role: 'compliant' });
    expect((await site.ask({ ...other, userName: 'not-the-address' })).decision.outcome).toEqual(DENIED);
  });

  test('takes roles of the policy in force alone; one that goes later leaves policy to decide', async () => {
    const site = await overriddenSite();
    await expect(site.override({ ...other, role: 'boss' })).rejects.toMatchObject({ code: 'NAC_OVERRIDE_ROLE' });
    await site.override({ ...other, role: 'compliant' });
    const desk = await site.background.policies(site.key('admin'));
    await desk.upload('strict', 'roles: { none: { vlan: 1 } }\nrules: [{ name: rest, permit: none }]\n');
    await desk.activate('strict');
    await site.time.runUntil(site.time.now + 2 * MINUTE);
    expect((await site.ask(other)).decision).toMatchObject({
      outcome: { role: 'none' },
      problems: expect.arrayContaining(['override-role-unknown']),
    });
  });
});

/** Another process compares all sessions, and does not come to an end. */
async function holdComparison({ tables, time }: OverriddenSite): Promise<void> {
  const tasks = new TableTaskStore(tables.polling);
  const { state, etag } = await tasks.read<Record<string, unknown>>('comparison');
  const leaseUntil = new Date(time.now + 24 * HOUR).toISOString();
  await tasks.write('comparison', { ...state, owner: 'another', leaseUntil }, etag);
}

describe('what an instance reads', () => {
  test('is the list once in ten seconds, and nothing more for a warm lookup', async () => {
    const site = await overriddenSite();
    for (let number = 0; number < 5; number++) await site.override({ mac: `a0b1c2d3ff0${number}`, block: true });
    await site.ask();
    await site.ask();
    const [calls] = site.calls;
    calls.length = 0;
    await site.ask();
    expect(calls).toEqual(['devices.getEntity']);
    for (let second = 0; second < 60; second++) {
      await site.time.runUntil(site.time.now + SECOND);
      await site.ask();
    }
    expect(calls.filter((call) => call === 'policies.listEntities').length).toBeLessThanOrEqual(6);
  });
});

describe('an instance whose clock is off', () => {
  test('ends what an operator ended once it reads that, whatever its clock says', async () => {
    const site = await overriddenSite();
    const other = { mac: 'a0b1c2d3e402' };
    const { id } = await site.override({ ...other, role: 'compliant' });
    site.behind.milliseconds = 5 * MINUTE;
    expect((await site.ask(other)).decision.rule).toBe('override/let-on');
    await site.background.endOverride(site.key('admin'), id);
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(other)).decision.rule).not.toBe('override/let-on');
  });

  test('blocks at once what was blocked by a clock that is ahead', async () => {
    const site = await overriddenSite();
    site.behind.milliseconds = 5 * MINUTE;
    await site.override({ mac: MAC, block: true });
    expect((await site.ask()).decision.rule).toBe('override/block');
  });
});

describe('an instance that cannot read the list', () => {
  test('has its answers looked at by those that can, and permits for minutes at most', async () => {
    const site = await overriddenSite();
    await site.ask({ mac: 'a0b1c2d3e402' });
    site.store.fails = 'policies.listEntities';
    await site.override({ mac: MAC, block: true });
    await site.pass(MINUTE);
    expect(await site.jobs()).toEqual([]);
    // Its sessions were compared before this one was there.
    const { decision, sessionTimeoutSeconds } = await site.ask();
    expect(decision.outcome).toMatchObject(NORMAL);
    expect(sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    await site.pass(10 * SECOND);
    expect(await site.jobs()).toMatchObject([{ wanted: DENIED, reason: expect.stringContaining('override/block') }]);
    site.store.fails = 'nothing';
    await site.pass(10 * SECOND);
    expect((await site.ask()).decision.outcome).toEqual(DENIED);
  });
});

describe('two overrides that contradict each other', () => {
  test('block the device of a blocked user, though it is let on, and let it on once the block is over', async () => {
    const site = await overriddenSite();
    const device = 'd0d0d0d0-0000-4000-8000-000000000004';
    await storeDevices(site.tables, [
      aDevice({ id: device, userPrincipalName: 'jane@contoso.com', serialNumber: 'SN4' }),
    ]);
    const question = {
      method: 'eap-tls',
      certificate: { sanUri: [`IntuneDeviceId://${device}`] },
      mac: 'a0b1c2d3e404',
    };
    const block = await site.override({ user: 'jane', block: true });
    await site.override({ device, role: 'quarantine' });
    expect((await site.ask(question)).decision.rule).toBe('override/block');
    await site.background.endOverride(site.key('admin'), block.id);
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(question)).decision).toMatchObject({
      rule: 'override/let-on',
      outcome: { role: 'quarantine' },
    });
  });

  test('of an operator of one site and of another: each holds at its own', async () => {
    const site = await overriddenSite();
    await site.override({ mac: MAC, block: true }, 'ops-branch');
    await site.override({ mac: MAC, role: 'quarantine' }, 'ops-hq');
    expect((await site.ask()).decision.rule).toBe('override/let-on');
    expect((await site.ask({}, { client: 'radius-branch' })).decision.rule).toBe('override/block');
  });
});

describe('until Monday', () => {
  test.each([
    ['2026-12-07T08:00:00Z', '2026-12-07T08:00:00.000Z'],
    ['7d', '2026-12-07T08:00:00.000Z'],
  ])('%s is a moment in UTC, also where clocks change meanwhile', async (until, moment) => {
    const site = await overriddenSite();
    expect(await site.override({ mac: MAC, role: 'quarantine', until })).toMatchObject({ until: moment });
  });

  test.each([
    '2026-12-07T08:00:00.001Z',
    '2026-12-07T08:00:00+01:00',
    '2026-12-07',
    'Monday',
    '7d 1s',
    '-1d',
    '8d',
    '169h',
  ])('%s is refused for a role', async (until) => {
    const site = await overriddenSite();
    const work = site.override({ mac: MAC, role: 'quarantine', until });
    await expect(work).rejects.toMatchObject({ code: 'NAC_REQUEST_FIELD', field: 'until' });
  });
});

describe('CoAs of an override', () => {
  test.each([
    ['by address', { mac: MAC }, {}],
    ['by device', { device: COMPLIANT }, {}],
    ['by user', { user: 'jane' }, { method: 'site', userName: 'jane' }],
    ['by certificate', { certificate: { serial: 'a1b' } }, EAP],
  ])('go out once every instance knows it, %s, and again at its end', async (_, about, question) => {
    const site = await overriddenSite();
    await site.ask(question);
    await site.pass(MINUTE);
    expect(await site.jobs()).toEqual([]);
    const { id } = await site.override({ ...about, block: true });
    await site.pass(10 * SECOND);
    expect(await site.jobs()).toEqual([]);
    await site.pass(40 * SECOND);
    expect(await site.jobs()).toMatchObject([
      { wanted: DENIED, urgent: true, reason: expect.stringContaining('override/block') },
    ]);
    expect((await site.ask(question)).decision.outcome).toEqual(DENIED);
    await site.background.endOverride(site.key('admin'), id, '{"reason": "found"}');
    await site.pass(MINUTE);
    const [job] = await site.jobs();
    expect(job).toMatchObject({ wanted: NORMAL });
    expect((await site.background.overrides(site.key('admin'))).overrides).toEqual([]);
  });

  test.each(['audit', 'policies.listEntities'])('wait for every instance though %s is slow', async (call) => {
    const site = await overriddenSite();
    await site.ask();
    Object.assign(site.slow, { call, milliseconds: 24 * SECOND });
    const { id, createdAt } = await site.refused(site.override({ mac: MAC, block: true }));
    expect(Date.parse(createdAt)).toBeGreaterThan(site.time.now - SECOND);
    Object.assign(site.slow, { call: 'nothing' });
    await site.pass(15 * SECOND);
    expect(await site.jobs()).toEqual([]);
    await site.pass(30 * SECOND);
    expect(await site.jobs()).toMatchObject([{ wanted: DENIED }]);
    Object.assign(site.slow, { call });
    const { endedAt } = await site.refused(site.background.endOverride(site.key('admin'), id, ''));
    expect(Date.parse(String(endedAt))).toBeGreaterThan(site.time.now - SECOND);
  });

  test('are not promised where the list was not changed in time', async () => {
    const site = await overriddenSite();
    Object.assign(site.slow, { call: 'policies.createEntity', milliseconds: 6 * SECOND });
    const work = site.refused(site.override({ mac: MAC, block: true }));
    await expect(work).rejects.toMatchObject({ code: 'NAC_STORE_TIMEOUT' });
    Object.assign(site.slow, { call: 'nothing' });
    expect(await site.override({ mac: MAC, block: true })).toMatchObject({ created: true });
  });

  test('come by its own end, too', async () => {
    const site = await overriddenSite();
    const other = { mac: 'a0b1c2d3e402' };
    await site.override({ ...other, role: 'compliant', until: '5m' });
    await site.ask(other);
    await site.pass(4 * MINUTE);
    expect(await site.jobs()).toEqual([]);
    await site.pass(2 * MINUTE);
    expect(await site.jobs()).toMatchObject([{ told: NORMAL, wanted: { role: 'quarantine' } }]);
  });

  const VPN = {
    method: 'site',
    userName: 'jane',
    callingStationId: '203.0.113.7',
    ciscoAvPairs: [`mdm-tlv=device-mac=${MAC}`],
  };
  const SECOND_ENROLMENT = {
    method: 'eap-tls',
    certificate: { sanUri: ['IntuneDeviceId://d0d0d0d0-0000-4000-8000-000000000004'] },
    mac: 'a0b1c2d3e409',
  };
  test.each([
    ['an address that only the VPN client names', { mac: MAC }, VPN],
    ['a certificate', { certificate: { serial: 'a1b' } }, EAP],
    ['a user, signed in under another name', { user: 'jane@contoso.com' }, { method: 'site', userName: 'CORP\\Jane' }],
    ['the owner of a device', { user: 'owner@contoso.com' }, { mac: 'a0b1c2d3e409' }],
    ['a device, by its other record', { device: COMPLIANT }, SECOND_ENROLMENT],
    [
      'a device, by its address with another certificate',
      { device: COMPLIANT },
      { method: 'eap-tls', certificate: {} },
    ],
  ])('of %s need no comparison of all sessions, at its beginning and at its end', async (_, about, question) => {
    const site = await overriddenSite();
    const twin = { id: 'd0d0d0d0-0000-4000-8000-000000000004', entraDeviceId: COMPLIANT_ENTRA, serialNumber: 'SN9' };
    const owned = { ...twin, userPrincipalName: 'owner@contoso.com', wifiMac: aMac('a0b1c2d3e409') };
    await storeDevices(site.tables, [aDevice(owned)]);
    const { outcome } = (await site.ask(question)).decision;
    await site.ask({ mac: 'a0b1c2d3e402' });
    await site.pass(MINUTE);
    await holdComparison(site);
    const { id } = await site.override({ ...about, block: true });
    await site.pass(10 * SECOND);
    expect(await site.jobs()).toEqual([]);
    await site.pass(20 * SECOND);
    expect(await site.jobs()).toMatchObject([{ wanted: DENIED, reason: expect.stringContaining('override/block') }]);
    expect((await site.ask(question)).decision.outcome).toEqual(DENIED);
    await site.background.endOverride(site.key('admin'), id, '{"reason": "found"}');
    await site.pass(40 * SECOND);
    const [job] = await site.jobs();
    expect(job).toMatchObject({ wanted: outcome });
  });

  test('of many users are one search, which goes on where a round was cut short, and whichever process goes on', async () => {
    const site = await overriddenSite();
    const stations = Array.from({ length: 48 }, (_, number) => `a0b1c2d4${(0x1000 + number).toString(16)}`);
    for (const [number, mac] of stations.entries()) await site.ask({ method: 'site', userName: `user-${number}`, mac });
    await site.pass(MINUTE);
    await holdComparison(site);
    for (let number = 0; number < 40; number++)
      await site.override({ user: `user-${number}@contoso.com`, block: true });
    await site.time.runUntil(site.time.now + 20 * SECOND);
    Object.assign(site.slow, { call: 'sessions.listEntities', milliseconds: 2 * SECOND });
    const begun = site.time.now;
    await site.refused(Promise.all([site.background.enforce(), site.background.enforce()]));
    const some = (await site.jobs()).length;
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(40);
    expect(site.time.now - begun).toBeLessThan(60 * SECOND);
    Object.assign(site.slow, { call: 'nothing' });
    await site.pass(20 * SECOND);
    const jobs = await site.jobs();
    expect(new Set(jobs.map(({ sessionId }) => sessionId)).size).toBe(40);
    expect(jobs).toHaveLength(40);
  });

  test.each<[string, unknown]>([
    ['no list of what is done', { done: 'all' }],
    ['a partition that is none', { run: { wanted: [{ id: 'x', over: false }], left: [{ shard: 'x' }] }, done: [7] }],
    ['no run', { run: { left: null }, done: null }],
  ])('are decided though the row of the search holds %s', async (_, state) => {
    const site = await overriddenSite();
    await site.ask({ method: 'site', userName: 'jane' });
    await new TableTaskStore(site.tables.polling).write('overridden', state, undefined);
    await site.override({ user: 'jane', block: true });
    await site.pass(MINUTE);
    expect(await site.jobs()).toMatchObject([{ wanted: DENIED }]);
  });

  test('wait for no other override whose sessions cannot be found', async () => {
    const site = await overriddenSite();
    await site.ask();
    await site.ask({ method: 'site', userName: 'jane', callingStationId: '203.0.113.7' });
    await site.pass(MINUTE);
    await site.override({ mac: MAC, block: true });
    await site.override({ user: 'jane', block: true });
    // An address leads to sessions by the devices that hold it; the user has no device.
    Object.assign(site.slow, { call: 'identities', fails: true });
    await holdComparison(site);
    await site.pass(30 * SECOND);
    expect(await site.jobs()).toHaveLength(1);
    expect(site.log.map(({ event }) => event)).toContain('override.not-compared');
    Object.assign(site.slow, { call: 'nothing' });
    await site.pass(10 * SECOND);
    expect(await site.jobs()).toHaveLength(2);
  });

  test('leave stations of other sites alone', async () => {
    const site = await overriddenSite();
    await site.ask();
    await site.ask({}, { client: 'radius-branch' });
    await site.override({ mac: MAC, block: true, site: 'branch' });
    await site.pass(MINUTE);
    expect((await site.jobs()).map((job) => job.site)).toEqual(['branch']);
    expect((await site.ask()).decision.outcome).toMatchObject(NORMAL);
  });
});

describe('a device that an operator names', () => {
  test.each([
    ['by its Intune id', COMPLIANT],
    ['by its Intune id in braces', `{${COMPLIANT.toUpperCase()}}`],
    ['by its Intune id without hyphens', COMPLIANT.replaceAll('-', '')],
    ['by its Entra id', COMPLIANT_ENTRA],
    ['by its Entra id as a URN', `urn:uuid:${COMPLIANT_ENTRA}`],
    ['by its name, in any letter case', ' lt-1 '],
    ['by its serial number', 'sn1'],
    ['by its address', 'A0-B1-C2-D3-E4-01'],
  ])('%s is the one that is blocked', async (_, device) => {
    const site = await overriddenSite();
    expect(await site.override({ device, block: true })).toMatchObject({ device: COMPLIANT, created: true });
    expect((await site.ask(EAP)).decision).toMatchObject({ outcome: DENIED, rule: 'override/block' });
    expect((await site.ask({ mac: 'a0b1c2d3e402' })).decision.rule).not.toBe('override/block');
  });

  test.each<[string, string, Partial<Device>]>([
    ['by a name that two have', 'LT-1', { name: 'lt-1' }],
    ['by a serial number that two have', 'SN1', { serialNumber: 'sn1' }],
    ['by an address that two have', 'a0b1c2d3e401', { wifiMac: aMac('a0b1c2d3e401') }],
    ['by an Entra id of two records', COMPLIANT_ENTRA, { entraDeviceId: COMPLIANT_ENTRA }],
    ['by what is the name of one and the serial number of another', 'SN1', { name: 'SN1' }],
  ])('%s is refused, with the ids to choose from', async (_, device, fields) => {
    const site = await overriddenSite();
    const other = 'd0d0d0d0-0000-4000-8000-000000000004';
    const own = { id: other, name: 'LT-9', serialNumber: 'SN9', wifiMac: aMac('a0b1c2d3e409') };
    await storeDevices(site.tables, [aDevice({ ...own, ...fields })]);
    await expect(site.override({ device, block: true })).rejects.toMatchObject({
      code: 'NAC_DEVICE_AMBIGUOUS',
      status: 409,
      field: 'device',
      message: expect.stringMatching(new RegExp(`${COMPLIANT}.*${other}|${other}.*${COMPLIANT}`)),
    });
    expect((await site.background.overrides(site.key('admin'))).overrides).toEqual([]);
    // Its id says which, whatever the others are called.
    expect(await site.override({ device: other, block: true })).toMatchObject({ device: other });
  });

  test('by a name that so many have that not all are known is refused, and so is one that none has', async () => {
    const site = await overriddenSite();
    const fleet = Array.from({ length: 220 }, (_, number) => aDevice({ ...aDeviceOfFleet(number), name: 'iPhone' }));
    await storeDevices(site.tables, fleet);
    await expect(site.override({ device: 'iPhone', block: true })).rejects.toMatchObject({
      code: 'NAC_DEVICE_AMBIGUOUS',
      message: expect.stringContaining('and more'),
    });
    for (const device of ['LT-77', '00000000-0000-4000-8000-ffffffffffff', 'a0b1c2d3e4ff', 'x'.repeat(256)]) {
      await expect(site.override({ device, block: true })).rejects.toMatchObject({ code: 'NAC_DEVICE_UNKNOWN' });
    }
    await expect(site.override({ device: 'x'.repeat(257), block: true })).rejects.toMatchObject({ field: 'device' });
  });

  test('and of which Intune has another record is blocked with a warning', async () => {
    const site = await overriddenSite();
    expect((await site.override({ device: COMPLIANT, block: true })).warnings).toEqual([]);
    const twin = 'd0d0d0d0-0000-4000-8000-000000000004';
    await storeDevices(site.tables, [aDevice({ id: twin, entraDeviceId: COMPLIANT_ENTRA, serialNumber: 'SN9' })]);
    expect((await site.override({ device: twin, block: true })).warnings).toEqual(['device-enrolled-twice']);
  });

  test('is the one whose stations authenticate again; an address is taken from a body alone', async () => {
    const site = await overriddenSite();
    await site.ask();
    for (const name of ['LT-1', 'SN1', COMPLIANT_ENTRA]) await site.background.reauthenticate(site.key('admin'), name);
    const { entries } = await site.background.audit(site.key('admin'), []);
    expect(entries.map(({ target }) => target)).toEqual([COMPLIANT, COMPLIANT, COMPLIANT]);
    expect(await site.jobs()).not.toEqual([]);
    await expect(site.background.refreshDevice(site.key('admin'), MAC)).rejects.toMatchObject({
      code: 'NAC_REQUEST_FIELD',
      field: 'id',
    });
  });
});

describe('operators', () => {
  test('of a site block at their site alone, and see no override of another', async () => {
    const site = await overriddenSite();
    const { overrides } = site.background;
    const ofHq = await site.override({ mac: MAC, block: true }, 'ops-hq');
    expect(ofHq.site).toBe('hq');
    await expect(site.override({ mac: MAC, block: true, site: 'branch' }, 'ops-hq')).rejects.toMatchObject({
      code: 'NAC_CLIENT_SITE',
    });
    const ofAll = await site.override({ user: 'jane', block: true });
    expect((await overrides(site.key('ops-branch'))).overrides.map(({ id }) => id)).toEqual([ofAll.id]);
    const end = (name: string, id: string) => site.background.endOverride(site.key(name), id);
    await expect(end('ops-branch', ofHq.id)).rejects.toMatchObject({ code: 'NAC_OVERRIDE_UNKNOWN', status: 404 });
    await expect(end('ops-branch', ofAll.id)).rejects.toMatchObject({ code: 'NAC_CLIENT_SITE', status: 403 });
    await expect(end('ops-hq', ofHq.id)).resolves.toMatchObject({ inForce: false, endedBy: 'ops-hq' });
  });

  test('of other kinds make none', async () => {
    const site = await overriddenSite();
    for (const name of ['auditor', 'radius-hq']) {
      await expect(site.refused(site.override({ mac: MAC, block: true }, name))).rejects.toMatchObject({
        code: 'NAC_CLIENT_CREDENTIAL',
      });
    }
    await expect(site.background.overrides(site.key('auditor'))).resolves.toEqual({ overrides: [] });
  });

  test('leave who, what and why in the audit; the log hides addresses as its setting says', async () => {
    const site = await overriddenSite();
    const { id } = await site.override({ mac: MAC, block: true });
    await site.time.runUntil(site.time.now + SECOND);
    await site.background.endOverride(site.key('admin'), id, '{"reason": "found"}');
    const { entries } = await site.background.audit(site.key('admin'), []);
    expect(entries).toMatchObject([
      { action: 'end-override', by: 'admin', reason: 'found', target: expect.stringContaining(MAC) },
      { action: 'make-override', by: 'admin', reason: 'stolen', target: `${id}: block, mac ${MAC}` },
    ]);
    expect(JSON.stringify(site.log)).not.toContain(MAC);
  });

  test('change nothing where the audit cannot be written', async () => {
    const site = await overriddenSite();
    const { id } = await site.override({ mac: MAC, block: true });
    Object.assign(site.slow, { call: 'audit', fails: true });
    await expect(site.override({ user: 'jane', block: true })).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
    await expect(site.background.endOverride(site.key('admin'), id)).rejects.toMatchObject({
      code: 'NAC_STORE_UNAVAILABLE',
    });
    expect((await site.background.overrides(site.key('admin'))).overrides).toMatchObject([{ id, inForce: true }]);
  });

  test('may name persons and addresses in a reason: the audit keeps them, the log hides them', async () => {
    const site = await overriddenSite();
    const reason = `stolen from zoe@contoso.com, was ${MAC}`;
    const { id } = await site.override({ user: 'zoe@contoso.com', block: true, reason });
    await site.time.runUntil(site.time.now + SECOND);
    await site.background.endOverride(site.key('admin'), id, JSON.stringify({ reason }));
    await site.ask({ method: 'site', userName: 'zoe@contoso.com' });
    expect(JSON.stringify(site.log)).not.toMatch(/zoe|a0b1c2d3e401/i);
    const { entries } = await site.background.audit(site.key('admin'), []);
    expect(entries.map((entry) => entry.reason)).toEqual([reason, reason]);
  });

  test('learn that an address is that of several devices, or made up', async () => {
    const site = await overriddenSite();
    const identities = new TableIdentityStore(site.tables.identities);
    const device = { source: 'intune', id: NONCOMPLIANT };
    await identities.addHolders([{ identity: { kind: 'mac', value: MAC }, device }]);
    const block = async (mac: string) => (await site.override({ mac, block: true })).warnings;
    expect(await block(MAC)).toEqual(['mac-of-several-devices']);
    expect(await block('a0b1c2d3e402')).toEqual([]);
    expect(await block('a2b1c2d3e402')).toEqual(['mac-random']);
  });

  test('who send the same once more have made one; a name that means nothing is refused', async () => {
    const site = await overriddenSite();
    const first = await site.override({ mac: MAC, block: true });
    await site.time.runUntil(site.time.now + 5 * SECOND);
    expect(await site.override({ mac: MAC, block: true })).toMatchObject({ id: first.id, created: false });
    await expect(site.override({ device: 'no-such-device', block: true })).rejects.toMatchObject({
      code: 'NAC_DEVICE_UNKNOWN',
    });
    await expect(site.override({ mac: MAC, block: true, site: 'nowhere' })).rejects.toMatchObject({ field: 'site' });
  });

  test('have room for so many at most, however many send at once', async () => {
    const site = await overriddenSite();
    const wanted = Array.from({ length: MOST_OVERRIDES + 20 }, (_, index) => ({
      mac: (0xa0b1c2000000 + index).toString(16),
      block: true,
    }));
    const results = [];
    for (let start = 0; start < wanted.length; start += 13) {
      results.push(...(await Promise.allSettled(wanted.slice(start, start + 13).map((one) => site.override(one)))));
    }
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_OVERRIDES);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'NAC_OVERRIDES_FULL' },
    });
    await site.time.runUntil(site.time.now + 5 * HOUR + MINUTE);
    await expect(site.override({ mac: MAC, block: true })).resolves.toMatchObject({ created: true });
  });
});

describe('room for overrides', () => {
  const macs = (count: number, from = 0xa0b1c2000000) =>
    Array.from({ length: count }, (_, n) => (from + n).toString(16));

  test('of one site ends at its share, however many send at once; others have theirs', async () => {
    const site = await overriddenSite();
    const results: PromiseSettledResult<unknown>[] = [];
    const wanted = macs(MOST_OF_SITE + 10);
    for (let start = 0; start < wanted.length; start += 6) {
      const some = wanted.slice(start, start + 6).map((mac) => site.override({ mac, block: true }, 'ops-hq'));
      results.push(...(await Promise.allSettled(some)));
    }
    const made = results.filter(({ status }) => status === 'fulfilled');
    expect(made).toHaveLength(MOST_OF_SITE);
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_SITE_FULL',
      status: 409,
      action: expect.stringContaining('administrator'),
    });
    const first = await site.override({ mac: MAC, block: true }, 'ops-branch');
    expect(first).toMatchObject({ created: true, site: 'branch' });
    const { overrides } = await site.background.overrides(site.key('ops-hq'));
    expect(overrides).toHaveLength(MOST_OF_SITE);
    await site.background.endOverride(site.key('ops-hq'), overrides[0]?.id ?? '');
    await site.time.runUntil(site.time.now + MINUTE);
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).resolves.toMatchObject({ created: true });
  });

  test('is kept for administrators, though operators have used up all of theirs', async () => {
    const site = await overriddenSite();
    const operators = macs(MOST_OVERRIDES - PLACES_OF_ADMINISTRATORS);
    for (const mac of operators) await site.override({ mac, block: true }, 'ops-all');
    await expect(site.override({ mac: MAC, block: true }, 'ops-all')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_FULL',
    });
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_FULL',
    });
    await expect(site.override({ mac: MAC, block: true }, 'admin')).resolves.toMatchObject({ created: true });
  });
});

describe('an override shows', () => {
  test('in explain, with what policy would have said; a replay and a draft are beaten, too', async () => {
    const site = await overriddenSite();
    const { id: override } = await site.override({ mac: MAC, block: true });
    const { decision } = await site.ask();
    const desk = await site.background.decisions(site.key('admin'));
    expect(await desk.explain(decision.id)).toMatchObject({
      decision: { rule: 'override/block', override: { id: override, by: 'admin', reason: 'stolen' } },
      withoutOverride: { outcome: NORMAL },
    });
    expect(await desk.replay(decision.id, 'built-in')).toMatchObject({ sameOutcome: true });
    const policies = await site.background.policies(site.key('admin'));
    const draft = 'roles: { none: { vlan: 1 } }\nrules: [{ name: rest, permit: none }]\n';
    const report = await policies.whatIf(draft, []);
    expect(report.sessions).toMatchObject({ looked: 1, changing: 0 });
  });
});
