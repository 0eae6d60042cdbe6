// The lookup in this process, against Azurite filled by a real poll of the simulated tenant.

import { describe, expect, test } from 'vitest';
import { coaTargetOf } from '../../../shared/domain/coa/coa-target.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { isLive } from '../../../shared/domain/session/session-life.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { isContradiction } from '../../../shared/lookup/contradictions.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const MINUTE_MS = 60_000;

async function polledConnector(): Promise<ConnectorFixture> {
  const nac = await startConnector();
  await nac.app.poll(MINUTE_MS);
  nac.storage.requests.length = 0;
  return nac;
}

function macOf({ tenant }: ConnectorFixture, name: string): string {
  return String(tenant.fleet.get(name).wiFiMacAddress);
}

function mab(mac: string, more: Record<string, string> = {}): Record<string, unknown> {
  return { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1', ...more };
}

function eapTls(deviceId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const sanUri = [`ID:Microsoft Endpoint Manager:GUID:${deviceId}`];
  return { method: 'eap-tls', userName: 'host/laptop', eapType: 'TLS', certificate: { sanUri }, ...more };
}

function ask(nac: ConnectorFixture, request: unknown, apiKey: string | null = nac.apiKey): Promise<LookupAnswer> {
  return nac.app.lookup(apiKey, JSON.stringify(request));
}

function reads({ storage }: ConnectorFixture): string[] {
  return storage.requests.filter(({ writes }) => writes === 0).map(({ table }) => table);
}

function writes({ storage }: ConnectorFixture): string[] {
  return storage.requests.filter(({ writes }) => writes > 0).map(({ table }) => table);
}

describe('the answer', () => {
  test('lets a compliant device on by its MAC address, and says why and how old the knowledge is', async () => {
    await using nac = await polledConnector();
    const device = nac.tenant.fleet.get('NAC-00001');

    expect(renderJson(await ask(nac, mab(macOf(nac, 'NAC-00001'))))).toMatchObject({
      decision: 'permit',
      role: 'compliant',
      vlan: '10',
      standing: 'compliant',
      compliance: 'compliant',
      managed: true,
      device: { source: 'intune', id: device.id, name: 'NAC-00001' },
      matchedBy: { identity: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' },
      rule: 'permit-compliant',
      ageSeconds: expect.any(Number),
      problems: [],
    });
  });

  test('quarantines a noncompliant device, an unknown one, a shared dock and a random address, each for its reason', async () => {
    await using nac = await polledConnector();
    const standings = async (request: unknown) => {
      const { decision, standing, role, problems } = renderJson(await ask(nac, request));
      return [decision, role, standing, ...problems];
    };

    expect(await standings(mab(macOf(nac, 'NAC-00002')))).toEqual(['permit', 'quarantine', 'noncompliant']);
    expect(await standings(mab('A4-BB-6D-FF-FF-FF'))).toEqual(['permit', 'quarantine', 'notEnrolled']);
    expect(await standings(mab(macOf(nac, 'NAC-00003')))).toEqual(['permit', 'quarantine', 'ambiguous']);
    expect(await standings(mab(macOf(nac, 'NAC-00006')))).toEqual([
      'permit',
      'quarantine',
      'unidentified',
      'mac-random',
    ]);
  });

  test('finds a device by the certificate, and never falls through from a certificate to the MAC address', async () => {
    await using nac = await polledConnector();
    const compliant = nac.tenant.fleet.get('NAC-00001');
    const mac = macOf(nac, 'NAC-00001');

    const right = await ask(nac, eapTls(compliant.id, { callingStationId: '02-11-22-33-44-55' }));
    expect(right.decision).toMatchObject({
      standing: 'compliant',
      device: { id: compliant.id, identity: { assurance: 'certificate-guid', origin: 'SAN URI' } },
    });
    const unknown = await ask(nac, eapTls('11111111-2222-3333-4444-555555555555', { callingStationId: mac }));
    expect(unknown.decision).toMatchObject({ standing: 'notEnrolled', outcome: { role: 'quarantine' } });
    const resumed = await ask(nac, { method: 'eap-tls', eapType: 'TLS', userName: 'x', callingStationId: mac });
    expect(resumed.decision).toMatchObject({ standing: 'unidentified', problems: ['certificate-missing'] });
  });

  test('denies what nobody authenticated, with a compliant MAC address and all', async () => {
    await using nac = await polledConnector();
    const callingStationId = macOf(nac, 'NAC-00001');
    for (const request of [
      { callingStationId, userName: 'alice' },
      { callingStationId, userName: 'alice', serviceType: 'Login-User' },
      { callingStationId, userName: 'alice', serviceType: 'Call-Check' },
      { callingStationId, userName: 'alice', method: 'mab' },
      { callingStationId, userName: callingStationId, eapType: 'PEAP' },
    ]) {
      expect((await ask(nac, request)).decision.outcome, JSON.stringify(request)).toEqual({ verdict: 'deny' });
    }
  });

  test('changes with the device, at the next lookup', async () => {
    await using nac = await polledConnector();
    const request = mab(macOf(nac, 'NAC-00001'));
    expect((await ask(nac, request)).decision.standing).toBe('compliant');
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    nac.clock.advance(61 * MINUTE_MS);
    await nac.app.poll(MINUTE_MS);

    expect((await ask(nac, request)).decision.standing).toBe('noncompliant');
  });

  test('is right for an address that moved to another device while its pointer was in memory', async () => {
    await using nac = await polledConnector();
    const mac = macOf(nac, 'NAC-00001');
    await ask(nac, mab(mac));
    nac.tenant.fleet.patch('NAC-00001', { wiFiMacAddress: 'A4BB6D000001' });
    nac.tenant.fleet.patch('NAC-00002', { wiFiMacAddress: mac });
    nac.clock.advance(61 * MINUTE_MS);
    await nac.app.poll(MINUTE_MS);

    const { decision } = await ask(nac, mab(mac));
    expect(decision).toMatchObject({ standing: 'noncompliant', device: { name: 'NAC-00002' } });
  });

  test('spreads the session time by a tenth to both sides', async () => {
    await using low = await startConnector({
      overrides: { random: { fraction: () => 0, hex: (n) => '0'.repeat(2 * n) } },
    });
    expect((await ask(low, mab('A4-BB-6D-FF-FF-FF'))).sessionTimeoutSeconds).toBe(1620);
    await using high = await startConnector({
      overrides: { random: { fraction: () => 0.999_999, hex: (n) => '0'.repeat(2 * n) } },
    });
    expect((await ask(high, mab('A4-BB-6D-FF-FF-FF'))).sessionTimeoutSeconds).toBe(1980);
  });
});

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

  test('a write that nobody waited for is of its own place, and takes none from a station that has come back', async () => {
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

  /** A station that names no session was told something, and asks again after what happens in between. */
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
    expect(sessions.every((session) => isLive(session, toInstant(nac.clock.now())))).toBe(true);
  });

  test.each(['Accounting-On', 'Accounting-Off'])('after %s of its NAS: it is on again', async (status) => {
    const { nac, written, session } = await askedAgainAfter((to) => account(to, { status }));
    await using _ = nac;
    expect(written).toEqual(['sessions']);
    expect(session && isLive(session, toInstant(nac.clock.now()))).toBe(true);
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
  test('nobody without a right API key, and a refusal reads nothing about devices', async () => {
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

describe('a device is recognised', () => {
  async function matched(nac: ConnectorFixture, request: Record<string, unknown>) {
    const { decision } = await ask(nac, request);
    const { device } = decision;
    return device && [device.name, device.identity.assurance, device.identity.kind, device.identity.origin];
  }

  test('by every identity a certificate may hold', async () => {
    await using nac = await polledConnector();
    const { id, azureADDeviceId, serialNumber } = nac.tenant.fleet.get('NAC-00001');
    const byCertificate = (certificate: Record<string, unknown>) => matched(nac, { method: 'eap-tls', certificate });

    for (const [value, kind] of [
      [id, 'deviceId'],
      [azureADDeviceId, 'entraDeviceId'],
    ]) {
      const sanUri = [`IntuneDeviceId://${value}`];
      expect(await byCertificate({ sanUri })).toEqual(['NAC-00001', 'certificate-guid', kind, 'SAN URI']);
    }
    expect(await byCertificate({ commonName: id })).toEqual(['NAC-00001', 'certificate-bare-guid', 'deviceId', 'CN']);
    expect(await byCertificate({ sanDns: id })).toEqual(['NAC-00001', 'certificate-bare-guid', 'deviceId', 'SAN DNS']);
    expect(await byCertificate({ commonName: azureADDeviceId })).toEqual([
      'NAC-00001',
      'certificate-bare-guid',
      'entraDeviceId',
      'CN',
    ]);
    expect(await byCertificate({ commonName: 'host/nac-00001.contoso.com' })).toEqual([
      'NAC-00001',
      'certificate-name',
      'name',
      'CN',
    ]);
    expect(await byCertificate({ commonName: String(serialNumber) })).toEqual([
      'NAC-00001',
      'certificate-name',
      'serialNumber',
      'CN',
    ]);
  });

  test('by its computer account, and by what its VPN client reports', async () => {
    await using nac = await polledConnector();
    const { id, wiFiMacAddress } = nac.tenant.fleet.get('NAC-00001');
    expect(await matched(nac, { method: 'site', userName: 'CONTOSO\\NAC-00001$' })).toEqual([
      'NAC-00001',
      'computer-account',
      'name',
      'User-Name',
    ]);
    const vpn = { method: 'site', userName: 'alice', callingStationId: '192.0.2.17' };
    expect(
      await matched(nac, { ...vpn, ciscoAvPairs: [`mdm-tlv=device-uid=x`, `mdm-tlv=a=ID:Intune:DeviceID:${id}`] }),
    ).toEqual(['NAC-00001', 'client-claim', 'deviceId', 'mdm-tlv=a']);
    expect(await matched(nac, { ...vpn, ciscoAvPairs: `mdm-tlv=device-mac=${wiFiMacAddress}` })).toEqual([
      'NAC-00001',
      'mac',
      'mac',
      'mdm-tlv=device-mac',
    ]);
  });

  test('by its certificate, even if the MAC address is another device’s, and the contradiction is reported', async () => {
    await using nac = await polledConnector();
    const { id } = nac.tenant.fleet.get('NAC-00001');
    const own = eapTls(id, { callingStationId: macOf(nac, 'NAC-00001') });
    const others = eapTls(id, { callingStationId: macOf(nac, 'NAC-00002') });
    const unknown = eapTls(id, { callingStationId: '0C-96-E6-01-02-03' });
    const undeclared = ['certificate-issuer-undeclared'];
    expect((await ask(nac, own)).decision.problems).toEqual(undeclared);
    expect((await ask(nac, unknown)).decision.problems).toEqual(undeclared);
    for (let time = 1; time <= 2; time++) {
      const { decision } = await ask(nac, others);
      expect([decision.device?.name, decision.problems]).toEqual([
        'NAC-00001',
        ['mac-of-another-device', ...undeclared],
      ]);
    }
  });

  test('and a contradiction that is over is reported five minutes more at most, a new one as soon', async () => {
    await using nac = await polledConnector();
    const { id } = nac.tenant.fleet.get('NAC-00001');
    const others = eapTls(id, { callingStationId: macOf(nac, 'NAC-00002') });
    const problems = async () => (await ask(nac, others)).decision.problems.filter(isContradiction);
    const turn = async (wiFiMacAddress: string) => {
      nac.tenant.fleet.patch('NAC-00002', { wiFiMacAddress });
      nac.clock.advance(60 * MINUTE_MS);
      await nac.app.poll(MINUTE_MS);
    };
    const address = macOf(nac, 'NAC-00002');
    expect(await problems()).toEqual(['mac-of-another-device']);

    await turn('0C96E6010203');
    expect(await problems()).toEqual([]);

    await turn(address);
    expect(await problems()).toEqual(['mac-of-another-device']);
  });

  test('by the stronger identity of a computer account or a VPN client, and what contradicts it is reported', async () => {
    await using nac = await polledConnector();
    const { id } = nac.tenant.fleet.get('NAC-00001');
    const other = nac.tenant.fleet.get('NAC-00002');
    const othersMac = macOf(nac, 'NAC-00002');
    const vpn = (...tlvs: string[]) => ({
      method: 'site',
      userName: 'alice',
      callingStationId: '192.0.2.17',
      ciscoAvPairs: tlvs.map((tlv) => `mdm-tlv=${tlv}`),
    });
    const account = (name: string) => ({ method: 'site', userName: `CONTOSO\\${name}$`, callingStationId: othersMac });
    const claim = `x=ID:Intune:DeviceID:${id}`;
    const nobodys = 'x=ID:Intune:DeviceID:0f8fad5b-d9cb-469f-a165-70867728950e';
    const cases: [object, string, string[]][] = [
      [vpn(claim, `device-mac=${othersMac}`), 'NAC-00001', ['mac-of-another-device']],
      [vpn(claim, `y=ID:Intune:DeviceID:${other.id}`), 'NAC-00001', ['claim-of-another-device']],
      [vpn(claim, `device-mac=${macOf(nac, 'NAC-00001')}`, 'device-mac=0C-96-E6-01-02-03'), 'NAC-00001', []],
      [vpn(nobodys, `device-mac=${othersMac}`), 'NAC-00002', ['named-device-unknown']],
      [vpn(`device-uid=${'3a'.repeat(32)}`, `device-mac=${othersMac}`), 'NAC-00002', []],
      [account('NAC-00001'), 'NAC-00001', ['mac-of-another-device', 'computer-domain-undeclared']],
      [account('NAC-00002'), 'NAC-00002', ['computer-domain-undeclared']],
      [account('NOBODY'), 'NAC-00002', ['named-device-unknown']],
    ];
    for (const [request, name, problems] of cases) {
      // Warm as cold.
      for (let time = 1; time <= 2; time++) {
        const { decision } = await ask(nac, request);
        expect([decision.device?.name, decision.problems], JSON.stringify(request)).toEqual([name, problems]);
      }
    }
  });

  test('and a warm answer to an address nobody knows still reads one row', async () => {
    await using nac = await polledConnector();
    const request = eapTls(nac.tenant.fleet.get('NAC-00001').id, { callingStationId: '0C-96-E6-01-02-03' });
    await ask(nac, request);
    nac.storage.requests.length = 0;
    await ask(nac, request);
    expect([reads(nac), writes(nac)]).toEqual([['devices'], []]);
  });

  test('never by an id of another MDM', async () => {
    await using nac = await polledConnector();
    const { id } = nac.tenant.fleet.get('NAC-00001');
    const { decision } = await ask(nac, { method: 'eap-tls', certificate: { sanUri: [`ID:Mobileiron:GUID:${id}`] } });
    expect([decision.standing, decision.device]).toEqual(['notEnrolled', undefined]);
  });
});
