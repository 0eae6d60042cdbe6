// The answer of a lookup in this process, against Azurite filled by a real poll of the simulated tenant.

import { describe, expect, test } from 'vitest';
import { isContradiction } from '../../../shared/lookup/contradictions.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { ask, eapTls, MINUTE_MS, mab, macOf, polledConnector, reads, writes } from './polled-connector.ts';

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

  test('denies what no server authenticated, with a compliant MAC address and all', async () => {
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

  test('and a warm answer to an unknown address still reads one row', async () => {
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
