// What a lookup reads and writes, who may ask, and what it does while the store is away.

import { describe, expect, test } from 'vitest';
import { coaTargetOf } from '../../../shared/domain/coa/coa-target.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { ask, eapTls, MINUTE_MS, mab, macOf, polledConnector, reads, writes } from './polled-connector.ts';

describe('reads and writes', () => {
  test('a cold lookup reads the pointer, then the device; a warm one only the device, and writes nothing', async () => {
    await using nac = await polledConnector();
    const request = mab(macOf(nac, 'NAC-00001'));
    // The first one also learns the client and the age of the fleet, once for all lookups of this process.
    await ask(nac, mab(macOf(nac, 'NAC-00002')));
    nac.storage.requests.length = 0;

    await ask(nac, request);
    // The second read of the device looks whether it moved while the session was written.
    expect(reads(nac)).toEqual(['identities', 'devices', 'devices']);
    expect(writes(nac)).toEqual(['sessions']);

    nac.storage.requests.length = 0;
    const answers = [await ask(nac, request), await ask(nac, request)];
    expect(reads(nac)).toEqual(['devices', 'devices']);
    expect(writes(nac)).toEqual([]);
    expect(answers[0]?.decision.id).toBe(answers[1]?.decision.id);
  });

  test('a certificate needs no pointer at all', async () => {
    await using nac = await polledConnector();
    const request = eapTls(nac.tenant.fleet.get('NAC-00001').id);
    await ask(nac, request);
    nac.storage.requests.length = 0;
    await ask(nac, request);
    expect(nac.storage.requests.map(({ table }) => table)).toEqual(['devices']);
  });

  test('remembers the session with its decision, under the device, and again after five minutes', async () => {
    await using nac = await polledConnector();
    const device = nac.tenant.fleet.get('NAC-00001');
    const mac = macOf(nac, 'NAC-00001');
    const { decision } = await ask(nac, mab(mac, { nasPortId: 'Gi1/0/7', acctSessionId: 'A1' }));

    const [session, ...others] = await nac.sessions.listByDevice({ source: 'intune', id: device.id });
    expect(others).toEqual([]);
    expect(session).toMatchObject({
      site: 'hq',
      client: 'radius-1',
      mac: mac.toLowerCase(),
      nasIpAddress: '10.1.1.1',
      nasPortId: 'Gi1/0/7',
      acctSessionId: 'A1',
      decision,
    });
    expect(decision.id.startsWith(`${session?.id}-`)).toBe(true);

    nac.storage.requests.length = 0;
    nac.clock.advance(5 * MINUTE_MS + 1);
    const again = await ask(nac, mab(mac, { nasPortId: 'Gi1/0/7', acctSessionId: 'A1' }));
    expect(writes(nac)).toEqual(['sessions']);
    expect((await nac.sessions.listByDevice({ source: 'intune', id: device.id }))[0]?.decision.id).toBe(
      again.decision.id,
    );
  });

  test('decides again when the device moves between the decision and the session that remembers it', async () => {
    await using nac = await polledConnector();
    const device = { source: 'intune', id: nac.tenant.fleet.get('NAC-00001').id };
    const stored = await nac.devices.read(device);
    if (stored === undefined) throw new Error('NAC-00001 is not stored');
    nac.storage.beforeEach = async ({ table, writes }) => {
      if (table === 'sessions' && writes > 0) {
        nac.storage.beforeEach = () => 'pass';
        const record = {
          ...stored,
          version: 2,
          device: { ...stored.device, complianceState: 'noncompliant' } as const,
        };
        await nac.devices.write([{ record, retiredIdentities: [], replaces: stored.etag }]);
      }
      return 'pass' as const;
    };

    const { decision } = await ask(nac, mab(macOf(nac, 'NAC-00001')));
    expect(decision).toMatchObject({ standing: 'noncompliant', device: { version: 2 } });
    expect((await nac.sessions.listByDevice(device))[0]?.decision).toEqual(decision);
  });

  test('a session that cannot be written in time is counted and does not hold up the answer', async () => {
    await using nac = await polledConnector();
    nac.storage.beforeEach = ({ table }) => (table === 'sessions' ? 'hold' : 'pass');

    expect((await ask(nac, mab(macOf(nac, 'NAC-00001')))).decision.standing).toBe('compliant');
    expect(nac.log.filter(({ event }) => event === 'metric').map(({ fields }) => fields)).toEqual([
      { name: 'lookup.session-not-written', total: 1 },
    ]);
  });

  test('a write that no answer waited for is of its own place, and takes none from a station that has come back', async () => {
    await using nac = await polledConnector();
    const device = { source: 'intune', id: nac.tenant.fleet.get('NAC-00001').id };
    const places = async () => (await nac.sessions.listByDevice(device)).map((session) => session.nasIpAddress).sort();
    const askAt = (nasIpAddress: string) => ask(nac, mab(macOf(nac, 'NAC-00001'), { nasIpAddress }));
    await askAt('10.1.1.1');
    const answered = Promise.withResolvers<void>();
    nac.storage.beforeEach = async ({ table, writes }) => {
      if (table === 'sessions' && writes > 0) await answered.promise;
      return 'pass' as const;
    };
    await askAt('10.1.1.2');
    answered.resolve();
    await expect.poll(places).toEqual(['10.1.1.1', '10.1.1.2']);

    await askAt('10.1.1.1');
    expect(await places()).toEqual(['10.1.1.1', '10.1.1.2']);
  });
});

describe('the very same answer is written again', () => {
  const account = (nac: ConnectorFixture, event: Record<string, unknown>) =>
    nac.app.accounting(nac.apiKey, JSON.stringify({ nasIpAddress: '10.1.1.1', ...event }));

  /** A station that names no session got an answer, and asks again after what happens in between. */
  async function askedAgainAfter(between: (nac: ConnectorFixture, mac: string) => Promise<unknown>) {
    const nac = await polledConnector();
    const mac = macOf(nac, 'NAC-00001');
    await ask(nac, mab(mac));
    nac.clock.advance(10_000);
    await between(nac, mac);
    nac.clock.advance(10_000);
    nac.storage.requests.length = 0;
    await ask(nac, mab(mac));
    const written = writes(nac);
    const device = { source: 'intune', id: nac.tenant.fleet.get('NAC-00001').id };
    const [session] = await nac.sessions.listByDevice(device);
    return { nac, written, session };
  }

  test('is not needed where accounting has the station at another NAS too: both places are sessions', async () => {
    const start = { status: 'Start', acctSessionId: 'B1', nasIpAddress: '10.1.1.2' };
    const { nac, written } = await askedAgainAfter((to, mac) => account(to, { ...start, callingStationId: mac }));
    await using _ = nac;
    expect(written).toEqual([]);
    const device = { source: 'intune', id: nac.tenant.fleet.get('NAC-00001').id };
    const sessions = await nac.sessions.listByDevice(device);
    expect(sessions.map((session) => coaTargetOf(session).nas.nasIpAddress).sort()).toEqual(['10.1.1.1', '10.1.1.2']);
    expect(sessions.every((session) => isConnected(session, toInstant(nac.clock.now())))).toBe(true);
  });

  test.each(['Accounting-On', 'Accounting-Off'])('after %s of its NAS: it is on again', async (status) => {
    const { nac, written, session } = await askedAgainAfter((to) => account(to, { status }));
    await using _ = nac;
    expect(written).toEqual(['sessions']);
    expect(session && isConnected(session, toInstant(nac.clock.now()))).toBe(true);
  });

  test('not for a Start where it was answered', async () => {
    const start = { status: 'Start', acctSessionId: 'A1' };
    const { nac, written } = await askedAgainAfter((to, mac) => account(to, { ...start, callingStationId: mac }));
    await using _ = nac;
    expect(written).toEqual([]);
  });
});

test('a station whose attributes are as long as can be, or longer, is remembered all the same', async () => {
  await using nac = await polledConnector();
  const names = ['acctSessionId', 'acctMultiSessionId', 'nasIdentifier', 'nasPortId', 'nasPortType', 'calledStationId'];
  // A control character is six in JSON; the others make a body of nearly 64 KiB.
  for (const value of ['\u0001'.repeat(253), 'x'.repeat(8_000)]) {
    const long = Object.fromEntries(['userName', ...names].map((name) => [name, value]));
    for (const method of ['mab', 'site']) {
      const { decision } = await ask(nac, { method, callingStationId: '0C-96-E6-01-02-03', ...long });
      const session = await nac.sessions.read(decision.id.slice(0, 20));
      expect([session?.method, session?.decision.id]).toEqual([method, decision.id]);
    }
  }
});

describe('who may ask', () => {
  test('no client without a right API key, and a refusal reads nothing about devices', async () => {
    await using nac = await polledConnector();
    const [name] = nac.apiKey.split('.');
    for (const key of [
      null,
      '',
      'radius-1',
      `${name}.${'0'.repeat(64)}`,
      `ghost.${'0'.repeat(64)}`,
      `${nac.apiKey}0`,
    ]) {
      await expect(ask(nac, mab(macOf(nac, 'NAC-00001')), key), String(key)).rejects.toMatchObject({
        status: 401,
        code: 'NAC_CLIENT_CREDENTIAL',
      });
    }
    expect(reads(nac).filter((table) => table !== 'clients')).toEqual([]);
  });

  test('keeps no key: the store has a salted HMAC only, and no log line shows it', async () => {
    await using nac = await polledConnector();
    await ask(nac, mab(macOf(nac, 'NAC-00001')));
    const [, secret = ''] = nac.apiKey.split('.');
    const rows = await Array.fromAsync(nac.tables.clients.listEntities());
    expect(rows.map(({ partitionKey }) => partitionKey)).toEqual(['clients', 'sites']);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(nac.log)).not.toContain(secret);
  });

  test('and the log shows no station address in clear', async () => {
    await using nac = await polledConnector();
    const mac = macOf(nac, 'NAC-00001');
    await ask(nac, mab(mac));
    const [line] = nac.log.filter(({ event }) => event === 'lookup.answered');
    expect(line?.fields['mac']).toMatch(/^[0-9a-f]{12}$/);
    expect(JSON.stringify(nac.log).toLowerCase()).not.toContain(mac.toLowerCase());
  });
});

describe('when the store is away', () => {
  test('there is no answer rather than a guess, within the deadline', async () => {
    await using nac = await startConnector({ env: { LOOKUP_DEADLINE: '200ms' } });
    await nac.app.poll(MINUTE_MS);
    nac.storage.beforeEach = () => 'hold';
    await expect(ask(nac, mab(macOf(nac, 'NAC-00001')))).rejects.toMatchObject({ code: 'NAC_STORE_TIMEOUT' });
    nac.storage.beforeEach = () => 'drop';
    await expect(ask(nac, mab(macOf(nac, 'NAC-00001')))).rejects.toMatchObject({
      code: expect.stringMatching(/^NAC_STORE_(UNAVAILABLE|TIMEOUT)$/),
    });
    nac.storage.beforeEach = () => 'pass';
    expect((await ask(nac, mab(macOf(nac, 'NAC-00001')))).decision.standing).toBe('compliant');
  });
});
