// Two customers, each with a tenant and a site of its own, in one app over services in memory: sources are defined,
// changed and removed while it runs, fail in turn, and no device of one opens the other's network.

import { expect, test } from 'vitest';
import { SourceError } from '../../../shared/errors.ts';
import { MemoryNetwork, MINUTE_MS, POLLING_INTERVAL_MS } from '../../support/memory-network.ts';

const TENANT = '00000000-0000-4000-8000-0000000000e2';
const SECRET = 'the-secret-of-emea';

const HOME = '- { name: intune, kind: intune, signIn: settings, sites: [hq], pollingInterval: 60m }';
const EMEA = `- { name: emea, kind: intune, tenantId: ${TENANT}, signIn: { secretSetting: SOURCE_EMEA_SECRET }, sites: [lab], pollingInterval: 60m }`;

const sources = (...entries: string[]): string => `sources:\n${entries.map((entry) => `  ${entry}\n`).join('')}`;
const byId = (id: string) => ({
  method: 'eap-tls',
  userName: 'host/x',
  eapType: 'TLS',
  certificate: { sanUri: [`IntuneDeviceId://${id}`] },
});

async function start(env: Readonly<Record<string, string>> = { SOURCE_EMEA_SECRET: SECRET }) {
  const network = await MemoryNetwork.start({ env: { LIVE_QUERIES_PER_SECOND: '0', ...env } });
  const lab = await network.addClient('radius-lab', 'lab');
  const ada = await network.addClient('ada', 'hq', 'administrator');
  let versions = 0;
  const define = async (text: string): Promise<void> => {
    const version = `v${++versions}`;
    const admin = await network.run(() => network.app.sources(ada));
    await network.run(() => admin.upload(version, text));
    await network.run(() => admin.activate(version));
    await network.pass(120_000);
  };
  const standing = async (site: 'hq' | 'lab', question: object): Promise<string> => {
    const { decision } = await network.ask({ ...question }, site === 'lab' ? { apiKey: lab } : {});
    return decision.standing;
  };
  const status = () => network.run(() => network.app.pollStatus(ada));
  return { network, define, standing, status, lab, ada };
}

test('a device counts at the sites of its source, by each of its identities, and makes nothing ambiguous elsewhere', async () => {
  const { network, define, standing } = await start();
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  const emea = network.put(2, { source: 'emea' });
  // The other customer's device has the address, the name and the serial number of the first one's.
  network.put(3, { source: 'emea', name: 'PC-0001', serialNumber: 'SN0001', wifiMac: 'a0b1c2d30001' as never });
  await network.sweep();
  expect(await standing('hq', byId(home))).toBe('compliant');
  expect(await standing('lab', byId(emea))).toBe('compliant');
  expect(await standing('lab', byId(home))).toBe('notEnrolled');
  expect(await standing('hq', byId(emea))).toBe('notEnrolled');
  const mab = (mac: string) => ({ method: 'mab', callingStationId: mac, userName: mac });
  expect(await standing('hq', mab('a0b1c2d30001'))).toBe('compliant');
  expect(await standing('lab', mab('a0b1c2d30001'))).toBe('compliant');
  expect(await standing('hq', mab('a0b1c2d30002'))).toBe('notEnrolled');
  const named = (name: string) => ({ ...byId('x'), certificate: { commonName: name } });
  expect(await standing('hq', named('PC-0002'))).toBe('notEnrolled');
});

test('a secret that is not set is the trouble of its source alone, and shown nowhere', async () => {
  const { network, define, standing, status } = await start({});
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  await network.pass(POLLING_INTERVAL_MS);
  expect(await network.run(() => network.background.poll(120_000))).toMatchObject({
    kind: 'failed',
    error: { code: 'NAC_SOURCE_SECRET', field: 'SOURCE_EMEA_SECRET' },
  });
  expect(await standing('hq', byId(home))).toBe('compliant');
  expect((await status()).otherSources?.['emea']).toMatchObject({
    source: 'emea',
    problem: { code: 'NAC_SOURCE_SECRET', message: 'The setting SOURCE_EMEA_SECRET is not set.' },
  });
  expect((await status()).problem).toBeUndefined();
});

test('one that fails, hangs or is empty takes no sweep and no answer from the other, and no secret is logged', async () => {
  const { network, define, standing, status } = await start();
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  const emea = network.put(2, { source: 'emea' });
  await network.sweep();
  const troubles = [
    async () => {
      throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'Wait.' });
    },
    () => new Promise<never>(() => undefined),
  ];
  for (const trouble of troubles) {
    const before = (await status()).lastComplete?.startedAt ?? '';
    network.onList = async (source) => (source === 'emea' ? trouble() : undefined);
    await network.sweep();
    expect((await status()).lastComplete?.startedAt.localeCompare(before)).toBe(1);
    expect([await standing('hq', byId(home)), await standing('lab', byId(emea))]).toEqual(['compliant', 'compliant']);
  }
  expect(JSON.stringify([network.log, await status()])).not.toContain(SECRET);
});

test('a source that is removed is polled no more; its devices are unreachable, held, and gone once released', async () => {
  const { network, define, standing, status, lab, ada } = await start();
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  const emea = network.put(2, { source: 'emea' });
  await network.sweep();
  const asked: string[] = [];
  network.onList = async (source) => void asked.push(source);
  await define(sources(HOME));
  const { decision } = await network.ask(byId(home));
  expect([decision.standing, decision.facts?.sourceReachable]).toEqual(['compliant', true]);
  await network.sweep();
  await network.sweep();
  expect(asked.filter((source) => source === 'emea')).toEqual([]);
  const { held, removed } = (await status()).otherSources?.['emea'] ?? {};
  expect({ removed, held }).toMatchObject({ removed: true, held: [{ absences: 1 }] });
  const { decision: heldBack } = await network.ask(byId(emea), { apiKey: lab });
  expect(heldBack.facts).toMatchObject({ sourceReachable: false, marks: expect.arrayContaining(['held']) });
  const release = { runId: held?.[0]?.runId, source: 'emea', reason: 'the customer has left' };
  await network.run(() => network.app.releaseHeld(ada, JSON.stringify(release)));
  await network.sweep();
  expect((await network.devices.read({ source: 'emea', id: emea }))?.presence).toBe('gone');
  expect([await standing('hq', byId(emea)), await standing('lab', byId(emea))]).toEqual(['notEnrolled', 'notEnrolled']);
  // Defined again it is a source as before.
  await define(sources(HOME, EMEA));
  await network.sweep();
  expect(await standing('lab', byId(emea))).toBe('compliant');
});

test('sessions are compared with a new version within ten minutes, whatever the polling interval is', async () => {
  const { network, define } = await start({ SOURCE_EMEA_SECRET: SECRET, POLLING_INTERVAL: '8h' });
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  await network.sweep();
  await network.ask({ ...byId(home), callingStationId: 'a0-b1-c2-d3-00-01' });
  await network.pass(MINUTE_MS);
  await network.enforce();
  expect(await network.jobs()).toEqual([]);
  // The first site is another customer's from now on.
  await define(sources(HOME.replace('hq', 'lab'), EMEA));
  for (let minutes = 0; minutes < 8; minutes++) {
    await network.pass(MINUTE_MS);
    await network.enforce();
  }
  expect(await network.jobs()).toMatchObject([{ site: 'hq', device: { id: home } }]);
  const compared = () => network.log.filter(({ event }) => event === 'enforcement.compared').length;
  const before = compared();
  await network.pass(MINUTE_MS);
  await network.enforce();
  expect(compared(), 'once for each version').toBe(before);
});

test('what-if sees which source is away now', async () => {
  const { network, define, lab, ada } = await start();
  await define(sources(HOME, EMEA));
  const [home, emea] = [network.put(1), network.put(2, { source: 'emea' })];
  await network.sweep();
  await network.ask(byId(home));
  await network.ask(byId(emea), { apiKey: lab });
  const draft = `roles:
  compliant: { vlan: 10 }
  apart: { vlan: 20 }
rules:
  - { name: away, when: { sourceReachable: false }, permit: apart }
  - { name: here, when: { sourceReachable: true }, permit: compliant }
  - { name: rest, reject: true }`;
  const changing = async () => {
    const policies = await network.run(() => network.app.policies(ada));
    const { fleet, sessions } = await network.run(() => policies.whatIf(draft, []));
    return [fleet.byRule, sessions.byRule];
  };
  expect(await changing()).toEqual([{}, {}]);
  network.onList = async (source) => {
    if (source === 'emea') throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'Wait.' });
  };
  for (let sweeps = 0; sweeps < 3; sweeps++) await network.sweep();
  expect(await changing()).toEqual([{ 'permit-compliant -> away': 1 }, { 'permit-compliant -> away': 1 }]);
});

test('who may see one site learns nothing of the other customer: no source, no figure, no held run, no doctor', async () => {
  const { network, define, ada } = await start();
  await define(sources(HOME, EMEA));
  network.put(1);
  network.put(2, { source: 'emea' });
  await network.sweep();
  const auditors = {
    hq: await network.addClient('anna', 'hq', 'auditor'),
    lab: await network.addClient('lars', 'lab', 'auditor'),
  };
  const seenBy = async (key: string) => {
    const { overview } = await network.run(() => network.app.overview(key));
    const poll = await network.run(() => network.app.pollStatus(key));
    return {
      freshness: overview.freshness.map(({ source }) => source),
      credentials: overview.credentials.map(({ source }) => source),
      devices: [poll, ...Object.values(poll.otherSources ?? {})].map(({ lastComplete }) => lastComplete?.devices),
      text: JSON.stringify([overview, poll]),
    };
  };
  expect(await seenBy(ada)).toMatchObject({ freshness: ['intune', 'emea'], devices: [1, 1] });
  const [atHq, atLab] = [await seenBy(auditors.hq), await seenBy(auditors.lab)];
  expect(atHq).toMatchObject({ freshness: ['intune'], devices: [1] });
  expect(atLab).toMatchObject({ freshness: ['emea'], devices: [1] });
  expect(atHq.text).not.toContain('emea');
  expect(atLab.text).not.toContain('"intune"');
  await expect(network.run(() => network.app.doctor(auditors.lab))).rejects.toMatchObject({
    status: 403,
    code: 'NAC_CLIENT_SITE',
  });
});

test('what a device would get at a site of the other customer is what a stranger gets there', async () => {
  const { network, define, ada } = await start();
  await define(sources(HOME, EMEA));
  const home = network.put(1);
  await network.sweep();
  const standingAt = async (site: string) =>
    (await network.run(() => network.app.whatItGets(ada, home, [['site', site]]))).standing;
  expect([await standingAt('hq'), await standingAt('lab')]).toEqual(['compliant', 'notEnrolled']);
});
