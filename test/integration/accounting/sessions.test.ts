// Sessions, with lookups and accounting as a RADIUS proxy sends them: one for each station at each place, with an
// answer for each credential, whatever else happens to the store, the clocks and the other instances. What is about
// rows and about a store that is slow has Azurite; the rest, tables in memory.

import { describe, expect, test } from 'vitest';
import { createApp } from '../../../shared/app.ts';
import { coaTargetOf } from '../../../shared/domain/coa/coa-target.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import { answersInEffect } from '../../../shared/domain/session/answers-in-effect.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const MINUTE_MS = 60_000;
const MAC = 'A4-BB-6D-00-00-01';
const AUDIT = '0A010101000010005F6E4B2A';

async function polled(
  env: Record<string, string> = {},
  store: 'memory' | 'azurite' = 'memory',
): Promise<ConnectorFixture> {
  const nac = await startConnector({ env, store });
  await nac.app.poll(MINUTE_MS);
  return nac;
}

async function ask(nac: ConnectorFixture, fields: Record<string, unknown>, app = nac.app) {
  nac.clock.advance(1_000);
  return app.lookup(nac.apiKey, JSON.stringify({ callingStationId: MAC, nasIpAddress: '10.1.1.1', ...fields }));
}

const mab = (fields: Record<string, unknown> = {}) => ({ method: 'mab', userName: MAC, ...fields });

function eapTls(nac: ConnectorFixture, name: string, fields: Record<string, unknown> = {}) {
  const { id } = nac.tenant.fleet.get(name);
  return {
    method: 'eap-tls',
    certificate: { sanUri: [`IntuneDeviceId://${id}`], issuer: 'CA', serial: name },
    ...fields,
  };
}

async function account(nac: ConnectorFixture, record: Record<string, unknown>, app = nac.app): Promise<number> {
  nac.clock.advance(1_000);
  return (await app.accounting(nac.apiKey, JSON.stringify({ nasIpAddress: '10.1.1.1', ...record }))).changed;
}

const sessionIdOf = ({ id }: Decision): string => id.slice(0, 20);
const now = (nac: ConnectorFixture): string => toInstant(nac.clock.now());
const seconds = (nac: ConnectorFixture): number => Math.floor(nac.clock.now().getTime() / 1000);

async function sessionOf(nac: ConnectorFixture, decision: Decision): Promise<Session> {
  const session = await nac.sessions.read(sessionIdOf(decision));
  if (session === undefined) throw new Error('the session is not stored');
  return session;
}

const keyOf = (nac: ConnectorFixture, name: string) => ({ source: 'intune', id: nac.tenant.fleet.get(name).id });

/** Another instance of the function app, with a memory of its own. */
function anotherInstance(nac: ConnectorFixture) {
  return createApp(readSettings(nac.env), { ...nac.overrides, log: collectingLogger().logger });
}

describe('a second login with the same address', () => {
  test.each([
    ['at another NAS', { nasIpAddress: '10.1.1.2' }],
    ['at another port of the NAS', { nasPortId: 'Gi1/0/8' }],
  ])('%s leaves the first to be enforced', async (_where, place) => {
    await using nac = await polled();
    const port = { nasPortId: 'Gi1/0/7' };
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', port));
    await ask(nac, { method: 'site', userName: 'mallory', ...port, ...place });

    const [session, ...others] = await nac.sessions.listByDevice(keyOf(nac, 'NAC-00001'));
    expect(others).toEqual([]);
    expect(session && isConnected(session, now(nac))).toBe(true);
    expect(session?.decision.id).toBe(decision.id);
  });

  test('at the same place leaves the first to be enforced as long as it may be in effect', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    await ask(nac, { method: 'site', userName: 'mallory' });
    const [session] = await nac.sessions.listByDevice(keyOf(nac, 'NAC-00001'));
    const inEffect = session ? answersInEffect(session, now(nac)).map((one) => one.decision.id) : [];
    expect(inEffect).toContain(decision.id);
  });

  test('the certificate of the machine, that of the user, then the machine again, at two instances', async () => {
    await using nac = await polled({}, 'azurite');
    const other = anotherInstance(nac);
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    await ask(
      nac,
      { ...eapTls(nac, 'NAC-00001'), certificate: { commonName: 'Jane', issuer: 'CA', serial: '7' } },
      other,
    );
    const again = await ask(nac, eapTls(nac, 'NAC-00001'));
    expect(again.decision.id, 'not written again').toBe(decision.id);

    nac.clock.advance(7 * 60 * MINUTE_MS);
    const [session] = await nac.sessions.listByDevice(keyOf(nac, 'NAC-00001'));
    expect(session && isConnected(session, now(nac))).toBe(true);
    expect(session && answersInEffect(session, now(nac)).map((one) => one.decision.id)).toContain(decision.id);
    await other.close();
  });
});

describe('a session that could not be written', () => {
  test('has a short permit, and so has every answer until one is written', async () => {
    await using nac = await polled({ SESSION_WRITE_DEADLINE: '100ms' }, 'azurite');
    nac.storage.beforeEach = ({ table, writes }) => (table === 'sessions' && writes > 0 ? 'hold' : 'pass');
    for (let times = 0; times < 2; times++) {
      expect((await ask(nac, eapTls(nac, 'NAC-00001'))).sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    }
    nac.storage.beforeEach = () => 'pass';
    expect((await ask(nac, eapTls(nac, 'NAC-00001'))).sessionTimeoutSeconds).toBeGreaterThan(3_600);
  });

  test('and arrives late does not replace the answer that was written meanwhile', async () => {
    await using nac = await polled({ SESSION_WRITE_DEADLINE: '100ms' }, 'azurite');
    const late = Promise.withResolvers<void>();
    nac.storage.beforeEach = async ({ table, writes }) => {
      if (table === 'sessions' && writes > 0) await late.promise;
      return 'pass' as const;
    };
    const first = await ask(nac, eapTls(nac, 'NAC-00001'));
    nac.storage.beforeEach = () => 'pass';
    const second = await ask(nac, eapTls(nac, 'NAC-00001'));
    late.resolve();
    const rows = async () =>
      (await Array.fromAsync(nac.tables.sessions.listEntities())).map(({ rowKey = '' }) => rowKey);
    await expect.poll(async () => (await rows()).filter((key) => key.startsWith('h|')).length).toBe(2);

    expect(first.decision.id).not.toBe(second.decision.id);
    expect((await sessionOf(nac, second.decision)).decision.id).toBe(second.decision.id);
  });

  test('whose two names of accounting are the same is written', async () => {
    await using nac = await polled({}, 'azurite');
    const fields = { acctMultiSessionId: AUDIT, ciscoAvPairs: `audit-session-id=${AUDIT}` };
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', fields));
    expect((await sessionOf(nac, decision)).decision.id).toBe(decision.id);
  });

  test('with more credentials than a row has columns makes room for the next one', async () => {
    await using nac = await polled({}, 'azurite');
    const users = Array.from({ length: 260 }, (_, index) => ({ method: 'site', userName: `user-${index}` }));
    let last: Decision | undefined;
    for (const user of users) last = (await ask(nac, user)).decision;
    const session = last && (await sessionOf(nac, last));
    expect(session?.decision.id).toBe(last?.id);
  });
});

describe('a certificate whose device is not there', () => {
  test('is found from the device, so that its change is compared once the device is there again', async () => {
    await using nac = await polled();
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const certificate = { sanUri: [`IntuneDeviceId://${id}`], issuer: 'CA', serial: '9' };
    const { decision } = await ask(nac, { method: 'eap-tls', certificate });
    expect(decision.device).toBe(undefined);
    const found = await nac.sessions.listByDevice({ source: 'intune', id });
    expect(found.map((session) => session.id)).toEqual([sessionIdOf(decision)]);
    expect(await nac.sessions.listByDevice(keyOf(nac, 'NAC-00001'))).toEqual([]);
  });
});

describe('an address that leads to no device', () => {
  test('lives as long as its NAS accounts for it, each ten minutes', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, mab());
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1' });
    for (let minutes = 0; minutes < 150; minutes += 10) {
      nac.clock.advance(10 * MINUTE_MS - 1_000);
      expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
      await account(nac, { status: 'Interim-Update', callingStationId: MAC, acctSessionId: 'A-1' });
    }
  });

  test('has a permit and a session of an hour', async () => {
    await using nac = await polled();
    const { decision, sessionTimeoutSeconds } = await ask(nac, mab());
    expect(sessionTimeoutSeconds).toBeLessThanOrEqual(3_960);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
    nac.clock.advance(67 * MINUTE_MS);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(false);
  });

  test('beyond so many a minute of one client has a short permit and no row, and that is counted', async () => {
    await using nac = await polled({ UNKNOWN_STATIONS_PER_MINUTE: '2' });
    const answers = [];
    for (const last of ['11', '12', '13', '14']) {
      const address = `A4-BB-6D-00-00-${last}`;
      const request = { method: 'mab', userName: address, callingStationId: address, nasIpAddress: '10.1.1.1' };
      answers.push(await nac.app.lookup(nac.apiKey, JSON.stringify(request)));
    }
    const stored = await Promise.all(answers.map(({ decision }) => nac.sessions.read(sessionIdOf(decision))));
    expect(stored.map((session) => session !== undefined)).toEqual([true, true, false, false]);
    expect(answers[2]?.sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    const lines = nac.log.filter(({ event }) => event === 'lookup.unknown-stations-limited');
    expect(lines.map(({ fields }) => fields)).toEqual([{ client: expect.any(String), stations: 1 }]);
  });
});

describe('accounting', () => {
  test('that says less forgets neither place nor names, of the session or of the lookup', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', { nasPortId: 'Gi1/0/7' }));
    const record = { callingStationId: MAC, acctSessionId: 'A-1', nasPortId: 'Gi1/0/7' };
    await account(nac, { ...record, status: 'Start', framedIpAddress: '10.9.9.9' });
    const sparse = { status: 'Interim-Update', acctSessionId: 'A-1', class: decision.id, packetSourceIp: '10.1.1.254' };
    await account(nac, { ...sparse, nasIpAddress: '' });
    expect(coaTargetOf(await sessionOf(nac, decision))).toMatchObject({
      nas: { nasIpAddress: '10.1.1.1', packetSourceIp: '10.1.1.254' },
      session: { acctSessionId: 'A-1', nasPortId: 'Gi1/0/7', framedIpAddress: '10.9.9.9' },
    });
  });

  test.each([
    ['behind', -400 * 24 * 3_600],
    ['ahead', 240],
    ['far ahead', 400 * 24 * 3_600],
  ])('of a NAS that restarted with its clock %s names the new session', async (_how, off) => {
    await using nac = await polled();
    await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'A1' }));
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'A1' });
    await account(nac, { status: 'Accounting-On', eventTime: String(seconds(nac) + off) });
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'B1' }));
    const target = async () => coaTargetOf(await sessionOf(nac, decision)).session.acctSessionId;
    expect(await target(), 'before its Start').toBe('B1');
    const start = { status: 'Start', callingStationId: MAC, acctSessionId: 'B1' };
    await account(nac, { ...start, eventTime: String(seconds(nac) + off) });
    expect(await target()).toBe('B1');
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
  });

  test.each(['F4-D4-88-34-B7-29', 'f4d488.34b729', 'f4d48834b729'])(
    'names the station by User-Name %s',
    async (name) => {
      await using nac = await polled();
      const asked = { method: 'mab', userName: 'f4:d4:88:34:b7:29', callingStationId: 'F4-D4-88-34-B7-29' };
      const { decision } = await ask(nac, asked);
      expect(await account(nac, { status: 'Start', userName: name, acctSessionId: 'A-1' })).toBe(1);
      expect((await sessionOf(nac, decision)).accounting).toMatchObject({ acctSessionId: 'A-1' });
    },
  );

  test('with the Class of an older answer has it in effect again, and the session compared', async () => {
    await using nac = await polled();
    const { decision: older } = await ask(nac, eapTls(nac, 'NAC-00001'));
    nac.clock.advance(6 * MINUTE_MS);
    const { decision: newer } = await ask(nac, eapTls(nac, 'NAC-00001'));
    expect(newer.id).not.toBe(older.id);
    await account(nac, { status: 'Interim-Update', callingStationId: MAC, acctSessionId: 'A-1', class: older.id });

    const session = await sessionOf(nac, newer);
    expect(answersInEffect(session, now(nac)).map((one) => one.decision.id)).toEqual([older.id, newer.id]);
    const noted = await nac.sessions.listToCompare(10);
    expect(noted.map(({ sessionId }) => sessionId)).toEqual([sessionIdOf(newer)]);
    for (const entry of noted) await nac.sessions.removeCompared(entry);
    expect(await nac.sessions.listToCompare(10)).toEqual([]);
  });

  test('of an earlier session, late and by a clock that is ahead, does not end the one the station has now', async () => {
    await using nac = await polled();
    const ahead = () => ({ callingStationId: MAC, eventTime: String(seconds(nac) + 240) });
    await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'S2' }));
    await account(nac, { status: 'Start', acctSessionId: 'S2', ...ahead() });
    nac.clock.advance(MINUTE_MS);
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'S3' }));
    await account(nac, { status: 'Start', acctSessionId: 'S3', ...ahead() });
    await account(nac, { status: 'Interim-Update', acctSessionId: 'S2', ...ahead() });
    await account(nac, { status: 'Stop', acctSessionId: 'S2', ...ahead() });
    const session = await sessionOf(nac, decision);
    expect(isConnected(session, now(nac))).toBe(true);
    expect(coaTargetOf(session).session.acctSessionId).toBe('S3');
  });

  test('of an earlier session that stops before the new one is accounted for does not end what was asked since', async () => {
    await using nac = await polled();
    const ahead = () => ({ callingStationId: MAC, eventTime: String(seconds(nac) + 240) });
    await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'S2' }));
    await account(nac, { status: 'Start', acctSessionId: 'S2', ...ahead() });
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', { acctSessionId: 'S3' }));
    await account(nac, { status: 'Stop', acctSessionId: 'S2', ...ahead() });
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
  });

  test('that revives a session after its NAS restarted has it compared', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1', class: decision.id });
    nac.clock.advance(20 * MINUTE_MS);
    await account(nac, { status: 'Accounting-On' });
    nac.clock.advance(MINUTE_MS);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(false);
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'B-1', class: decision.id });
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
    expect((await nac.sessions.listToCompare(10)).map(({ sessionId }) => sessionId)).toEqual([sessionIdOf(decision)]);
  });

  test('of a row that something else wrote is done with, and other sessions are listed', async () => {
    await using nac = await polled({}, 'azurite');
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    const { decision: other } = await ask(nac, eapTls(nac, 'NAC-00007', { nasIpAddress: '10.1.1.2' }));
    const id = sessionIdOf(decision);
    const row = { partitionKey: `p${id.charAt(0)}`, rowKey: `s|${id}`, site: 'hq', answer_x: '{not json' };
    await nac.tables.sessions.upsertEntity(row, 'Replace');
    expect(await account(nac, { status: 'Start', callingStationId: MAC, class: decision.id })).toBe(0);
    const page = await nac.sessions.listPage(id.charAt(0), { limit: 100 });
    expect(page.unreadable).toBe(1);
    expect(page.sessions.map((session) => session.id)).toEqual([sessionIdOf(other)]);
  });

  test('that another source says of a NAS ends nothing, and is logged', async () => {
    await using nac = await polled();
    const from = { packetSourceIp: '10.1.1.1' };
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001', from));
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1', ...from });
    expect(await account(nac, { status: 'Accounting-Off', packetSourceIp: '10.66.6.6' })).toBe(0);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(true);
    expect(nac.log.filter(({ event }) => event === 'accounting.restart-not-believed')).toMatchObject([
      { fields: { code: 'NAC_ACCOUNTING_SOURCE' } },
    ]);
    expect(await account(nac, { status: 'Accounting-Off', ...from })).toBe(1);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(false);
  });

  test('by a proxy whose clock is minutes off is taken all the same, and the clock is named', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    await account(nac, { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1' });
    const proxy = String(seconds(nac) - 600);
    const stop = { status: 'Stop', callingStationId: MAC, acctSessionId: 'A-1', receivedTime: proxy, sentTime: proxy };
    expect(await account(nac, stop)).toBe(1);
    expect(isConnected(await sessionOf(nac, decision), now(nac))).toBe(false);
    expect(nac.log.filter(({ event }) => event === 'clock.differs')).toMatchObject([{ fields: { code: 'NAC_CLOCK' } }]);
  });
});

describe('a row of the version before', () => {
  test('is read, found from its device and by its Class, until the station is answered at its place again', async () => {
    await using nac = await polled();
    const { decision } = await ask(nac, eapTls(nac, 'NAC-00001'));
    const station = sessionIdOf(decision).slice(0, 14);
    const id = `${station}abcdef`;
    const partitionKey = `p${id.charAt(0)}`;
    const earlier = { ...decision, id: decision.id.replace(sessionIdOf(decision), id) };
    await nac.tables.sessions.deleteEntity(partitionKey, `s|${sessionIdOf(decision)}`);
    await nac.tables.sessions.createEntity({
      partitionKey,
      rowKey: `s|${id}`,
      site: 'hq',
      client: 'radius-1',
      nasIpAddress: '10.1.1.1',
      method: 'eap-tls',
      presented: JSON.stringify({ authenticated: true, identities: [], problems: [] }),
      decision: JSON.stringify(earlier),
      decidedAt: decision.decidedAt,
    });
    const key = keyOf(nac, 'NAC-00001');
    const way = { partitionKey, rowKey: `d|intune|${key.id}|${id}`, sessionId: id };
    await nac.tables.sessions.createEntity(way);

    expect((await nac.sessions.listByDevice(key)).map((session) => session.id)).toEqual([id]);
    expect(await account(nac, { status: 'Start', class: earlier.id, acctSessionId: 'A-1' })).toBe(1);
    nac.clock.advance(6 * MINUTE_MS);
    const { decision: fresh } = await ask(nac, eapTls(nac, 'NAC-00001'));
    expect((await nac.sessions.listByDevice(key)).map((session) => session.id)).toEqual([sessionIdOf(fresh)]);
  });
});
