// The CoAs of overrides: when they go out, how their sessions are found, and what must not hold them up.

import { describe, expect, test } from 'vitest';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { aDevice, aMac } from '../../support/a-device.ts';
import {
  COMPLIANT,
  COMPLIANT_ENTRA,
  type OverriddenSite,
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

/** Another process compares all sessions, and does not come to an end. */
async function holdComparison({ tables, time }: OverriddenSite): Promise<void> {
  const tasks = new TableTaskStore(tables.polling);
  const { state, etag } = await tasks.read<Record<string, unknown>>('comparison');
  const leaseUntil = new Date(time.now + 24 * HOUR).toISOString();
  await tasks.write('comparison', { ...state, owner: 'another', leaseUntil }, etag);
}

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
    expect(await site.jobs()).toMatchObject([{ answered: NORMAL, wanted: { role: 'quarantine' } }]);
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
