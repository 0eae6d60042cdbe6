// Overrides through the app itself, over tables in memory: what beats what, at which instance, since when, and until
// when.

import { describe, expect, test } from 'vitest';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableOverrideStore } from '../../../shared/adapters/table-storage/table-override-store.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import { MOST_OVERRIDES } from '../../../shared/domain/policy/override.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { aDevice, aDeviceOfFleet, aMac } from '../../support/a-device.ts';
import {
  COMPLIANT,
  COMPLIANT_ENTRA,
  NONCOMPLIANT,
  overriddenSite,
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
    const admin = await site.background.policies(site.key('admin'));
    await admin.upload('strict', 'roles: { none: { vlan: 1 } }\nrules: [{ name: rest, permit: none }]\n');
    await admin.activate('strict');
    await site.time.runUntil(site.time.now + 2 * MINUTE);
    expect((await site.ask(other)).decision).toMatchObject({
      outcome: { role: 'none' },
      problems: expect.arrayContaining(['override-role-unknown']),
    });
  });
});

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
    await identities.addOwners([{ identity: { kind: 'mac', value: MAC }, device }]);
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
    const address = (index: number): string => (0xa0b1c2000000 + index).toString(16);
    await site.override({ mac: address(0), block: true });
    // All but thirty are there already: each that is made looks through those that are.
    const store = new TableOverrideStore(site.tables.policies);
    const [first] = await store.list();
    if (first === undefined) throw new Error('The first override is not stored.');
    const { override } = first;
    let there = 1;
    for (let place = 0; there < MOST_OVERRIDES - 30; place++) {
      const another = { ...override, id: there.toString(16).padStart(8, '0'), target: { mac: address(there) } };
      if (await store.create(place, another as typeof override)) there += 1;
    }
    const results = [];
    for (let start = there; start < MOST_OVERRIDES + 22; start += 13) {
      const some = Array.from({ length: 13 }, (_, index) => ({ mac: address(start + index), block: true }));
      results.push(...(await Promise.allSettled(some.map((one) => site.override(one)))));
    }
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'NAC_OVERRIDES_FULL' },
    });
    await site.time.runUntil(site.time.now + 5 * HOUR + MINUTE);
    await expect(site.override({ mac: MAC, block: true })).resolves.toMatchObject({ created: true });
  });
});

describe('an override shows', () => {
  test('in explain, with what policy would have said; a replay and a draft are beaten, too', async () => {
    const site = await overriddenSite();
    const { id: override } = await site.override({ mac: MAC, block: true });
    const { decision } = await site.ask();
    const admin = await site.background.decisions(site.key('admin'));
    expect(await admin.explain(decision.id)).toMatchObject({
      decision: { rule: 'override/block', override: { id: override, by: 'admin', reason: 'stolen' } },
      withoutOverride: { outcome: NORMAL },
    });
    expect(await admin.replay(decision.id, 'built-in')).toMatchObject({ sameOutcome: true });
    const policies = await site.background.policies(site.key('admin'));
    const draft = 'roles: { none: { vlan: 1 } }\nrules: [{ name: rest, permit: none }]\n';
    const report = await policies.whatIf(draft, []);
    expect(report.sessions).toMatchObject({ looked: 1, changing: 0 });
  });
});
