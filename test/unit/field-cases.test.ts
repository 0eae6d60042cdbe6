// Every file of test/field-cases, put where its sender put it: what the product makes of it. A file without expectation
// fails.

import { describe, expect, test } from 'vitest';
import { checkRelay } from '../../relay/check-relay.ts';
import { layOutRequest } from '../../relay/radius/encode-request.ts';
import { readRelayConfig } from '../../relay/read-relay-config.ts';
import { readComplianceXml } from '../../shared/adapters/cisco-mdm/read-compliance-xml.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import { aDevice, aMac } from '../support/a-device.ts';
import { fieldCase, fieldCaseNames, fieldCasePath, fieldRequest } from '../support/field-cases.ts';
import { lookupInMemory } from '../support/lookup-in-memory.ts';

/** As the FreeRADIUS sample asks; test/e2e/freeradius-logins.test.ts sends the same files to the real one. */
function question(name: string, method: 'mab' | 'site'): object {
  const sent = fieldRequest(name);
  return {
    method,
    userName: sent['User-Name'],
    callingStationId: sent['Calling-Station-Id'] ?? '',
    calledStationId: sent['Called-Station-Id'] ?? '',
    nasIpAddress: sent['NAS-IP-Address'] ?? '',
    nasIdentifier: sent['NAS-Identifier'] ?? '',
    nasPortId: sent['NAS-Port-Id'] ?? '',
    nasPortType: sent['NAS-Port-Type'] ?? '',
    serviceType: sent['Service-Type'] ?? '',
    acctSessionId: sent['Acct-Session-Id'] ?? '',
  };
}

async function answerTo(asked: object, device: Partial<Device>) {
  const connector = await lookupInMemory({ MINIMUM_ASSURANCE: 'mac' });
  await connector.store(aDevice(device));
  const { decision } = await connector.ask(asked);
  const { outcome, standing, problems } = decision;
  return { role: outcome.verdict === 'permit' ? outcome.role : 'deny', standing, problems };
}

const OWN_RULES_FOR_PRINTERS = "macAddress: ['00112233', '00-11-22-33']";

const EXPECTED: Readonly<Record<string, () => Promise<void>>> = {
  async 'a-avaya-neap.rad'() {
    const device = { wifiMac: aMac('8c1645bd1c19') };
    const asked = question('a-avaya-neap.rad', 'mab');
    expect(await answerTo(asked, device)).toEqual({
      role: 'deny',
      standing: 'notAuthenticated',
      problems: ['mac-missing'],
    });
    // A site that declares the form for its switch sets Calling-Station-Id.
    const declared = { ...asked, callingStationId: fieldRequest('a-avaya-neap.rad')['User-Name'] };
    expect(await answerTo(declared, device)).toMatchObject({ role: 'compliant' });
  },
  async 'a-fortigate-vpn.rad'() {
    const asked = question('a-fortigate-vpn.rad', 'site');
    expect(await answerTo(asked, {})).toMatchObject({ role: 'quarantine', standing: 'unidentified' });
  },
  async 'a-fortigate-webauth.rad'() {
    const wifiMac = aMac('3c52822c0f7b');
    const asked = question('a-fortigate-webauth.rad', 'site');
    expect(await answerTo(asked, { wifiMac, complianceState: 'noncompliant' })).toMatchObject({
      role: 'quarantine',
      standing: 'noncompliant',
    });
  },
  async 'a-huawei-mab.rad'() {
    const asked = question('a-huawei-mab.rad', 'mab');
    expect(await answerTo(asked, { wifiMac: aMac('8c1645bd1c19') })).toMatchObject({ role: 'compliant' });
  },
  async 'd-action-bad.xml'() {
    expect(() => readComplianceXml(fieldCase('d-action-bad.xml'))).toThrow(
      expect.objectContaining({ code: 'NAC_SOURCE_PAGE' }),
    );
  },
  async 'd-maas.xml'() {
    expect(readComplianceXml(fieldCase('d-maas.xml'))).toEqual({
      devices: [
        { mac: '182032973f6f', registered: true, compliant: false },
        { mac: '182032973f6e', registered: true, compliant: true },
      ],
      problems: [],
    });
  },
  async 'd-mac-v2.xml'() {
    expect(readComplianceXml(fieldCase('d-mac-v2.xml'))).toEqual({
      devices: [],
      problems: [{ field: 'guid', problem: expect.stringContaining('macaddress') }],
    });
  },
  async 'g-policy.yaml'() {
    const connector = await lookupInMemory();
    const now = connector.clock.now().getTime();
    const daysAgo = (days: number): string => new Date(now - days * 86_400_000).toISOString();
    const lastSyncAt = daysAgo(0);
    const fleet: Record<string, Partial<Device>> = {
      corporate: { ownership: 'company' },
      byod: { ownership: 'personal' },
      inGrace: { complianceState: 'inGracePeriod', ownership: 'company' },
      fresh: { complianceState: 'unknown', enrolledAt: daysAgo(0.5) },
      overdue: { complianceState: 'noncompliant', enrolledAt: daysAgo(2) },
      coManaged: { complianceState: 'configManager', operatingSystem: 'Windows' },
    };
    const ids = new Map(
      Object.keys(fleet).map((name, index) => [name, `00000000-0000-4000-8000-00000000000${index + 1}`]),
    );
    const wifiMac = aMac('a0b1c2d3e4f5');
    await connector.store(
      ...[...ids].map(([name, id], index) =>
        aDevice({ lastSyncAt, ...fleet[name], id, name, serialNumber: name, wifiMac: aMac(`a0b1c2d3e4${10 + index}`) }),
      ),
      aDevice({ lastSyncAt, id: '00000000-0000-4000-8000-00000000000f', wifiMac }),
    );
    await connector.enforce(fieldCase('g-policy.yaml'));
    const wired = { nasPortType: 'Ethernet' };
    const mab = (mac: string, more: object = {}) => ({ method: 'mab', userName: mac, callingStationId: mac, ...more });
    const roleOf = async (asked: object): Promise<string> => (await connector.answerTo(asked)).role;
    const ofDevices: Record<string, string> = {};
    for (const [name, id] of ids) {
      ofDevices[name] = await roleOf({ method: 'eap-tls', certificate: { sanUri: [`IntuneDeviceId://${id}`] } });
    }
    expect(ofDevices).toEqual({
      corporate: 'staff',
      byod: 'byod',
      inGrace: 'staff',
      fresh: 'onboarding',
      overdue: 'quarantine',
      coManaged: 'limited',
    });
    expect(await roleOf(mab('a8b1c2d3e4f5', wired))).toBe('onboarding');
    expect(await roleOf(mab('00-11-22-33-44-55', wired))).toBe('printers');
    // The staff SSID without a certificate, however the controller writes Called-Station-Id.
    for (const calledStationId of ['44-22-7C-4A-C5-00:Corp', '44227c-4ac500:Corp', 'AP-2F-EAST:Corp']) {
      const onSsid = mab('a0b1c2d3e4f5', { nasPortType: 'Wireless-802.11', calledStationId });
      expect(await roleOf(onSsid), calledStationId).toBe('deny');
    }
    // By user name a rule for printers misses notations, and takes who writes such a name; by address it does neither.
    const byUserName = fieldCase('g-policy.yaml');
    const byAddress = byUserName.replace(/userName: \[[^\]]*\]/, OWN_RULES_FOR_PRINTERS);
    expect(byAddress).toContain(OWN_RULES_FOR_PRINTERS);
    await connector.enforce(byAddress);
    for (const mac of ['00112233aabb', '00-11-22-33-44-55', '00:11:22:33:44:55', '0011.2233.4455', '001122-334455']) {
      expect(await roleOf(mab(mac, wired)), mac).toBe('printers');
    }
    const unknownId = 'IntuneDeviceId://00000000-0000-4000-8000-0000000000ff';
    const bySelfChosenName = [
      { ...wired, method: 'site', userName: '001122334499', callingStationId: 'a8b1c2d3e4f5' },
      { ...wired, method: 'eap-tls', userName: '0011223344ff', certificate: { sanUri: [unknownId] } },
    ];
    for (const asked of bySelfChosenName) expect(await roleOf(asked)).toBe('onboarding');
  },
  async 'relay-st.yaml'() {
    const text = fieldCase('relay-st.yaml');
    const nas = (yaml: string) => readRelayConfig(yaml, { file: 'relay.yaml', hostName: 'host' }).nas[0];
    expect(
      checkRelay(fieldCasePath('relay-st.yaml'), {
        X: 'Endpoint=sb://x/;SharedAccessKeyName=k;SharedAccessKey=a2V5',
        S: 'a secret of some length',
      }),
    ).toEqual(expect.arrayContaining([expect.stringContaining('sends Service-Type')]));
    const sent = (yaml: string): string => {
      const entry = nas(yaml);
      const session = { acctSessionId: 'a1', callingStationId: '8C-16-45-BD-1C-19' };
      const made = entry?.profile.request({ action: 'disconnect', session, nas: {} }, entry);
      if (!made?.possible) throw new Error(made?.reason ?? 'no entry');
      return layOutRequest(made.request).toString('hex');
    };
    // RFC 2865 5.6: type 6, six octets, Login is 1; once, whatever else the entry says.
    expect(sent(text).match(/06060000000./g)).toEqual(['060600000001']);
    const chosen = `${text}\n    send: [{ name: Service-Type, value: Framed-User }]\n`;
    expect(sent(chosen).match(/06060000000./g)).toEqual(['060600000002']);
    expect(sent(text.replace('[Service-Type]', '[Service-Type, Service-Type]'))).toBe(sent(text));
    expect(() => nas(text.replace('[Service-Type]', '[Framed-Protocol]'))).toThrow(
      /nas\[0\]\.alsoIdentifyBy\[0\].*\bsend\b/,
    );
  },
};

describe('field cases', () => {
  test('each file is there, and has an expectation', () => {
    expect(fieldCaseNames()).toEqual(Object.keys(EXPECTED).toSorted());
  });

  test.each(fieldCaseNames())('%s', async (name) => {
    await EXPECTED[name]?.();
  });
});
