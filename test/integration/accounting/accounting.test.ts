// Accounting in this process, against Azurite filled by a real poll and real lookups: where sessions are, and whether.

import { describe, expect, test } from 'vitest';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import { coaTargetOf } from '../../../shared/domain/coa/coa-target.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { walkSessions } from '../../../shared/walk-sessions.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const MAC = 'A4-BB-6D-00-00-01';
const OTHER_MAC = 'A4-BB-6D-00-00-02';

/** The station asks, and is remembered with its answer. */
async function ask(nac: ConnectorFixture, more: Record<string, string> = {}, apiKey = nac.apiKey): Promise<Decision> {
  nac.clock.advance(SECOND_MS);
  const request = { method: 'mab', userName: MAC, callingStationId: MAC, nasIpAddress: '10.1.1.1', ...more };
  return (await nac.app.lookup(apiKey, JSON.stringify(request))).decision;
}

/** A second later an accounting record comes in. */
async function account(nac: ConnectorFixture, record: Record<string, unknown>, apiKey = nac.apiKey): Promise<number> {
  nac.clock.advance(SECOND_MS);
  return (await nac.app.accounting(apiKey, JSON.stringify({ nasIpAddress: '10.1.1.1', ...record }))).changed;
}

function start(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1', ...more };
}

function seconds(nac: ConnectorFixture): number {
  return Math.floor(nac.clock.now().getTime() / 1000);
}

async function sessionOf({ sessions }: ConnectorFixture, decision: Decision): Promise<Session> {
  const session = await sessions.read(decision.id.slice(0, 20));
  if (session === undefined) throw new Error('the session is not stored');
  return session;
}

function live(nac: ConnectorFixture, session: Session): boolean {
  return isConnected(session, nac.clock.now().toISOString());
}

async function addClient({ storage }: ConnectorFixture, name: string, site: string): Promise<string> {
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString: storage.connectionString });
  return registry.createClient(name, site);
}

function sessionWrites({ storage }: ConnectorFixture): number {
  return storage.requests.filter(({ table }) => table === 'sessions').reduce((sum, { writes }) => sum + writes, 0);
}

describe('a record', () => {
  test('finds its session by the Class of the permit, as FreeRADIUS prints it, whatever else it says', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    const octets = `0x${Buffer.from(decision.id).toString('hex')}`;

    expect(
      await account(nac, { status: 'Start', acctSessionId: 'A-1', class: octets, callingStationId: OTHER_MAC }),
    ).toBe(1);
    expect((await sessionOf(nac, decision)).accounting).toMatchObject({ status: 'started', class: decision.id });
  });

  test('finds its session by the station’s address without Class, in any notation, from any proxy of the site', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    const second = await addClient(nac, 'radius-2', 'hq');

    expect(await account(nac, start({ callingStationId: 'a4bb.6d00.0001' }), second)).toBe(1);
    expect((await sessionOf(nac, decision)).accounting).toMatchObject({ acctSessionId: 'A-1' });
  });

  test('of a user without address (VPN) finds the session by the user name', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac, { method: 'site', userName: 'alice', callingStationId: '198.51.100.7' });

    expect(await account(nac, start({ userName: 'alice', callingStationId: '198.51.100.7' }))).toBe(1);
    expect((await sessionOf(nac, decision)).accounting).toMatchObject({ status: 'started' });
  });

  test('of a station without a question changes nothing', async () => {
    await using nac = await startConnector();
    expect(await account(nac, start())).toBe(0);
    expect(await Array.fromAsync(nac.tables.sessions.listEntities())).toEqual([]);
  });

  test('speaks of sessions of its own site only, whatever Class it carries', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    const branch = await addClient(nac, 'radius-2', 'branch');

    expect(await account(nac, start({ class: decision.id }), branch)).toBe(0);
    expect(await account(nac, start({ status: 'Stop' }), branch)).toBe(0);
    expect((await sessionOf(nac, decision)).accounting).toBe(undefined);
  });

  test('delivered again and again is written once', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    const record = start({ eventTime: String(seconds(nac)) });
    expect(await account(nac, record)).toBe(1);
    nac.storage.requests.length = 0;

    for (let delivery = 0; delivery < 3; delivery++) expect(await account(nac, record)).toBe(0);
    expect(sessionWrites(nac)).toBe(0);
    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
  });

  test('from a spool that was stuck for hours counts by the time it happened', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    const early = seconds(nac);
    nac.clock.advance(3 * HOUR_MS);
    await account(nac, start({ acctSessionId: 'A-2' }));

    expect(await account(nac, start({ eventTime: String(early) }))).toBe(0);
    expect(await account(nac, start({ status: 'Stop', eventTime: String(early + 60) }))).toBe(0);
    const session = await sessionOf(nac, decision);
    expect(session.accounting).toMatchObject({ acctSessionId: 'A-2' });
    expect(live(nac, session)).toBe(true);
  });

  test('is refused without a right key or a right body, and nothing is written', async () => {
    await using nac = await startConnector();
    await ask(nac);
    nac.storage.requests.length = 0;
    for (const key of [null, '', `${nac.apiKey}0`, `ghost.${'0'.repeat(64)}`]) {
      await expect(nac.app.accounting(key, JSON.stringify(start()))).rejects.toMatchObject({
        status: 401,
        code: 'NAC_CLIENT_CREDENTIAL',
      });
    }
    await expect(account(nac, start({ status: 'Failed' }))).rejects.toMatchObject({ status: 400, field: 'status' });
    await expect(nac.app.accounting(nac.apiKey, '<xml/>')).rejects.toMatchObject({ code: 'NAC_REQUEST_NOT_JSON' });
    expect(sessionWrites(nac)).toBe(0);
  });

  test('however long its texts, is stored or refused, so that no spool delivers it for ever', async () => {
    await using nac = await startConnector();
    await ask(nac);
    const fields = [
      'userName',
      'calledStationId',
      'acctMultiSessionId',
      'auditSessionId',
      'framedIpAddress',
      'nasPortId',
    ];
    const long = Object.fromEntries(fields.map((field) => [field, '✓'.repeat(8_000)]));
    const outcome = await account(nac, start(long)).catch((thrown) => thrown.status);

    expect([1, 400, 413]).toContain(outcome);
  });
});

describe('Interim-Updates', () => {
  test('that change nothing are written once an hour, and keep the session alive for days', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    await account(nac, start());
    nac.storage.requests.length = 0;
    for (let minute = 0; minute < 6 * 60; minute += 10) {
      nac.clock.advance(10 * MINUTE_MS - SECOND_MS);
      await account(nac, start({ status: 'Interim-Update' }));
    }
    expect(sessionWrites(nac)).toBe(6);

    for (let day = 0; day < 3; day++) {
      nac.clock.advance(23 * HOUR_MS);
      await account(nac, start({ status: 'Interim-Update' }));
    }
    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
    nac.clock.advance(24 * HOUR_MS);
    expect(live(nac, await sessionOf(nac, decision))).toBe(false);
  });
});

describe('a station that roams', () => {
  test('has a session at each place, with the answer it got, until that place says Stop', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    await account(nac, start());
    const there = { acctSessionId: 'B-1', nasIpAddress: '10.1.1.2', class: decision.id };
    expect(await account(nac, start(there))).toBe(1);
    const places = async () =>
      (await nac.sessions.listStation(decision.id.slice(0, 14)))
        .map((session) => [coaTargetOf(session).nas.nasIpAddress, live(nac, session), session.decision.id])
        .sort();
    expect(await places()).toEqual([
      ['10.1.1.1', true, decision.id],
      ['10.1.1.2', true, decision.id],
    ]);
    expect((await nac.sessions.listToCompare(10)).map(({ sessionId }) => sessionId.slice(0, 14))).toEqual([
      decision.id.slice(0, 14),
    ]);

    expect(await account(nac, start({ status: 'Stop' }))).toBe(1);
    expect((await places()).map(([, lives]) => lives)).toEqual([false, true]);
    expect(await account(nac, start({ ...there, status: 'Stop' }))).toBe(1);
    expect((await places()).map(([, lives]) => lives)).toEqual([false, false]);
  });

  test('keeps its decision as it was made, under the place that asked', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    await account(nac, start({ acctSessionId: 'B-1', nasIpAddress: '10.1.1.2', class: decision.id }));
    expect(await new TableDecisionStore(nac.tables.sessions).read(decision.id)).toMatchObject({
      nasIpAddress: '10.1.1.1',
    });
  });

  test('to a NAS that repeats no Class has the answer it got last', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    expect(await account(nac, start({ acctSessionId: 'B-1', nasIpAddress: '10.1.1.2' }))).toBe(1);
    const sessions = await nac.sessions.listStation(decision.id.slice(0, 14));
    expect(sessions.map((session) => session.decision.id)).toEqual([decision.id, decision.id]);
  });

  test('and asks again keeps its accounting; one that comes back after its Stop is live at once', async () => {
    await using nac = await startConnector();
    await account(nac, start());
    const first = await ask(nac);
    await account(nac, start());
    nac.clock.advance(6 * MINUTE_MS);
    expect((await sessionOf(nac, await ask(nac))).accounting).toMatchObject({ acctSessionId: 'A-1' });

    await account(nac, start({ status: 'Stop' }));
    expect(live(nac, await sessionOf(nac, first))).toBe(false);
    nac.clock.advance(6 * MINUTE_MS);
    expect(live(nac, await sessionOf(nac, await ask(nac)))).toBe(true);
  });

  test('and comes back within five minutes of its last question, with the same answer, is live at once', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    await account(nac, start());
    await account(nac, start({ status: 'Stop' }));
    await ask(nac);

    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
  });
});

describe('a NAS that restarts', () => {
  test.each(['Accounting-On', 'Accounting-Off'])(
    '%s ends the sessions it has accounted for, and no others',
    async (status) => {
      await using nac = await startConnector();
      const branch = await addClient(nac, 'radius-2', 'branch');
      const here = await ask(nac);
      const elsewhere = await ask(nac, { userName: OTHER_MAC, callingStationId: OTHER_MAC, nasIpAddress: '10.1.1.2' });
      const otherSite = await ask(nac, {}, branch);
      await account(nac, start());
      await account(nac, start({ callingStationId: OTHER_MAC, nasIpAddress: '10.1.1.2' }));
      await account(nac, start(), branch);

      const eventTime = String(seconds(nac) + 1);
      expect(await account(nac, { status, eventTime })).toBe(1);
      expect(await account(nac, { status, eventTime }), 'delivered again').toBe(0);
      const lives = [];
      for (const decision of [here, elsewhere, otherSite]) lives.push(live(nac, await sessionOf(nac, decision)));
      expect(lives).toEqual([false, true, true]);
    },
  );

  test('is known by its identifier or its IPv6 address, too', async () => {
    await using nac = await startConnector();
    const names = [{ nasIdentifier: 'switch-a' }, { nasIpv6Address: '2001:db8::1' }];
    for (const name of names) {
      const decision = await ask(nac, { nasIpAddress: '', ...name });
      await account(nac, start({ nasIpAddress: '', ...name }));
      expect(await account(nac, { status: 'Accounting-On', nasIpAddress: '', ...name })).toBe(1);
      expect(live(nac, await sessionOf(nac, decision))).toBe(false);
    }
  });

  test('long ago does not end what has started since', async () => {
    await using nac = await startConnector();
    const early = seconds(nac);
    nac.clock.advance(HOUR_MS);
    const decision = await ask(nac);
    await account(nac, start());

    await account(nac, { status: 'Accounting-On', eventTime: String(early) });
    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
  });

  test('just before a station asked does not end its session, accounted for or not', async () => {
    await using nac = await startConnector();
    const restarted = String(seconds(nac));
    const decision = await ask(nac);

    await account(nac, { status: 'Accounting-On', eventTime: restarted });
    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
  });

  test('without saying who it is ends nothing', async () => {
    await using nac = await startConnector();
    const decision = await ask(nac);
    await account(nac, start());

    expect(await account(nac, { status: 'Accounting-On', nasIpAddress: '' })).toBe(0);
    expect(live(nac, await sessionOf(nac, decision))).toBe(true);
  });
});

describe('one port', () => {
  const PORT = { nasIpAddress: '10.1.1.1', nasPortId: 'Gi1/0/7' };

  async function eapTls(nac: ConnectorFixture, more: Record<string, unknown> = {}): Promise<Decision> {
    nac.clock.advance(SECOND_MS);
    const certificate = { sanUri: ['IntuneDeviceId://0f8fad5b-d9cb-469f-a165-70867728950e'] };
    const request = { method: 'eap-tls', callingStationId: MAC, certificate, ...PORT, ...more };
    return (await nac.app.lookup(nac.apiKey, JSON.stringify(request))).decision;
  }

  async function listed(nac: ConnectorFixture): Promise<Session[]> {
    return Array.fromAsync(walkSessions(nac.sessions));
  }

  test('with MAB and 802.1X of one address has one session, and 802.1X wins', async () => {
    await using nac = await startConnector();
    await ask(nac, PORT);
    const proven = await eapTls(nac);
    const bypass = await ask(nac, PORT);
    expect((await listed(nac)).map(({ decision }) => decision.id)).toEqual([proven.id]);

    await account(nac, start({ class: bypass.id, ...PORT }));
    expect((await listed(nac)).map(({ decision }) => decision.id)).toEqual([bypass.id]);
  });

  test('with a phone and a PC has two sessions', async () => {
    await using nac = await startConnector();
    await ask(nac, PORT);
    await ask(nac, { ...PORT, callingStationId: OTHER_MAC, userName: OTHER_MAC });
    expect(await listed(nac)).toHaveLength(2);
  });

  test('and a random address tells sessions apart, though it identifies no device', async () => {
    await using nac = await startConnector();
    const random = '02-00-00-00-00-01';
    const decision = await ask(nac, { ...PORT, callingStationId: random, userName: random });
    expect([decision.device, decision.problems]).toEqual([undefined, ['mac-random']]);
    expect(await account(nac, start({ callingStationId: random }))).toBe(1);
  });
});

describe('a record without Class and without the station’s address', () => {
  const AUDIT = '0A010101000010005F6E4B2A';

  test.each([
    ['audit-session-id', { ciscoAvPairs: `audit-session-id=${AUDIT}` }, { auditSessionId: AUDIT }],
    ['Acct-Multi-Session-Id', { acctMultiSessionId: 'multi-1' }, { acctMultiSessionId: 'multi-1' }],
  ])('finds its session by %s, at its own site only', async (_what, asked, recorded) => {
    await using nac = await startConnector();
    const decision = await ask(nac, asked);
    const record = { status: 'Start', acctSessionId: 'A-1', userName: 'alice', ...recorded };
    const branch = await addClient(nac, 'radius-2', 'branch');

    expect(await account(nac, record, branch)).toBe(0);
    expect(await account(nac, record)).toBe(1);
    expect((await sessionOf(nac, decision)).accounting).toMatchObject({ status: 'started', acctSessionId: 'A-1' });
  });

  test('that ends an earlier session of the station does no harm to the one now', async () => {
    await using nac = await startConnector();
    await ask(nac, { ciscoAvPairs: `audit-session-id=${AUDIT}` });
    const again = await ask(nac, { ciscoAvPairs: `audit-session-id=${AUDIT}FF` });
    expect(await account(nac, { ...start({ status: 'Stop' }), auditSessionId: AUDIT })).toBe(0);
    expect(live(nac, await sessionOf(nac, again))).toBe(true);
    expect(await account(nac, { ...start({ status: 'Stop' }), auditSessionId: `${AUDIT}FF` })).toBe(1);
    expect(live(nac, await sessionOf(nac, again))).toBe(false);
  });
});
