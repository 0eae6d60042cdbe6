// The FreeRADIUS configuration we ship, run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestAuthority } from '../support/freeradius/certificates.ts';
import { ACCESS_POINT, authenticateWithCertificate, intuneDeviceUri } from '../support/freeradius/eapol-test.ts';
import {
  NO_CERTIFICATE,
  NO_PAIRS,
  NO_SSIDS,
  octets,
  PERMIT,
  PERMIT_ATTRIBUTES,
  withoutEap,
} from '../support/freeradius/expected-replies.ts';
import { API_KEY, type LookupStub } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, type RequestAttributes, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FreeRadius } from '../support/freeradius/start-freeradius.ts';

const GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const MAC = '02-AB-CD-EF-00-01';
const SITE_USER = { name: 'alice', password: 'alices-password' };

let site: SampleSite;
let stub: LookupStub;
let servers: SampleSite['servers'];
let server: FreeRadius;

beforeAll(async () => {
  site = await startSampleSite([SITE_USER]);
  ({ stub, servers } = site);
  server = servers.closed;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

describe('MAC authentication bypass', () => {
  test('lets in with VLAN, role, session time and reference on permit', async () => {
    stub.answerWith(PERMIT);
    const reply = await sendAccessRequest(server, mabRequest(MAC));
    expect(reply).toEqual({ code: 'Access-Accept', attributes: PERMIT_ATTRIBUTES });
  });

  test('rejects on deny', async () => {
    stub.answerWith('deny');
    expect(await sendAccessRequest(server, mabRequest(MAC))).toEqual({ code: 'Access-Reject', attributes: {} });
    expect(stub.lookups).toHaveLength(1);
  });

  test('asks with exactly the agreed fields and headers', async () => {
    await sendAccessRequest(
      server,
      mabRequest(MAC, {
        'Called-Station-Id': '00-11-22-33-44-55:corp',
        'NAS-IP-Address': '192.0.2.1',
        'NAS-IPv6-Address': '2001:db8::1',
        'NAS-Identifier': 'switch-1',
        'NAS-Port-Id': 'GigabitEthernet1/0/7',
        'NAS-Port-Type': 'Ethernet',
        'Acct-Session-Id': '0000000A',
        'Acct-Multi-Session-Id': 'M1',
        State: '0x0102030405060708',
      }),
    );
    expect(stub.lookups[0]).toMatchObject({
      method: 'POST',
      path: '/api/lookup',
      headers: {
        'x-api-key': API_KEY,
        accept: 'text/plain',
        prefer: 'answer=whole',
        'content-type': 'application/json',
      },
    });
    expect(stub.question()).toEqual({
      method: 'mab',
      userName: '02abcdef0001',
      callingStationId: MAC,
      calledStationId: '00-11-22-33-44-55:corp',
      nasIpAddress: '192.0.2.1',
      nasIpv6Address: '2001:db8::1',
      nasIdentifier: 'switch-1',
      nasPortId: 'GigabitEthernet1/0/7',
      nasPortType: 'Ethernet',
      serviceType: 'Call-Check',
      packetSourceIp: '127.0.0.1',
      acctSessionId: '0000000A',
      acctMultiSessionId: 'M1',
      eapType: '',
      ssid: NO_SSIDS,
      ciscoAvPairs: NO_PAIRS,
      certificate: NO_CERTIFICATE,
      cut: '',
    });
  });

  test('sends empty strings for what the request does not contain', async () => {
    await sendAccessRequest(server, { 'User-Name': MAC, 'Calling-Station-Id': MAC, 'Service-Type': 'Call-Check' });
    expect(stub.question()).toEqual({
      method: 'mab',
      userName: MAC,
      callingStationId: MAC,
      calledStationId: '',
      nasIpAddress: '',
      nasIpv6Address: '',
      nasIdentifier: '',
      nasPortId: '',
      nasPortType: '',
      serviceType: 'Call-Check',
      packetSourceIp: '127.0.0.1',
      acctSessionId: '',
      acctMultiSessionId: '',
      eapType: '',
      ssid: NO_SSIDS,
      ciscoAvPairs: NO_PAIRS,
      certificate: NO_CERTIFICATE,
      cut: '',
    });
  });

  test.each([
    ['02abcdef0001', '02:ab:cd:ef:00:01'],
    ['02-AB-CD-EF-00-01', '02abcdef0001'],
    ['02ab.cdef.0001', '02:AB:CD:EF:00:01'],
    ['02ab-cdef-0001', '02AB.CDEF.0001'],
  ])('recognises the same address in User-Name %s and Calling-Station-Id %s', async (userName, callingStationId) => {
    stub.answerWith(PERMIT);
    const request = { 'User-Name': userName, 'Calling-Station-Id': callingStationId, 'Service-Type': 'Call-Check' };
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
    expect(stub.question()).toMatchObject({ method: 'mab', userName, callingStationId });
  });

  test('passes on whatever the switch puts into a field, executing nothing', async () => {
    const hostile = {
      'Called-Station-Id': '%{config:nac.api_key}',
      'NAS-Identifier': 'quote" backslash\\ newline\n return\r tab\t control\u0001',
      'NAS-Port-Id': 'Zürich ✓ 東京',
      'Acct-Session-Id': '","userName":"admin',
    };
    await sendAccessRequest(server, mabRequest(MAC, hostile));
    expect(stub.question()).toMatchObject({
      userName: '02abcdef0001',
      calledStationId: hostile['Called-Station-Id'],
      nasIdentifier: hostile['NAS-Identifier'],
      nasPortId: hostile['NAS-Port-Id'],
      acctSessionId: hostile['Acct-Session-Id'],
    });
  });

  test.each(['0xab', '0xzz', '0', 'x', '0x', '-._', 'a'.repeat(128)])(
    'returns the reference %s as it is',
    async (ref) => {
      stub.answerWith(`permit role=r vlan=v timeout=1 class=${ref}`);
      const { attributes } = await sendAccessRequest(server, mabRequest(MAC));
      expect(attributes).toMatchObject({ Class: octets(ref) });
    },
  );

  test('takes VLAN names and roles up to the agreed length', async () => {
    const [role, vlan] = ['r'.repeat(64), 'V-._'.repeat(16)];
    stub.answerWith(`permit role=${role} vlan=${vlan} timeout=9999999 class=c`);
    const { attributes } = await sendAccessRequest(server, mabRequest(MAC));
    expect(attributes).toMatchObject({
      'Filter-Id': role,
      'Tunnel-Private-Group-Id:0': vlan,
      'Session-Timeout': '9999999',
    });
  });
});

describe('EAP-TLS', () => {
  test('lets in with VLAN, role, session time and reference on permit', async () => {
    stub.answerWith(PERMIT);
    const reply = await authenticateWithCertificate(server, { guid: GUID });
    expect(reply).toMatchObject({ success: true, code: 'Access-Accept' });
    expect(withoutEap(reply.attributes)).toEqual(PERMIT_ATTRIBUTES);
    expect(stub.lookups).toHaveLength(1);
  });

  test('rejects on deny', async () => {
    stub.answerWith('deny');
    const reply = await authenticateWithCertificate(server, { guid: GUID });
    expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
    expect(withoutEap(reply.attributes)).toEqual({});
    expect(reply.attributes['EAP-Message']).toMatch(/^0x04/);
    expect(stub.lookups).toHaveLength(1);
  });

  test('asks with exactly the agreed fields and headers', async () => {
    const certificate = await server.deviceAuthority.issueDeviceCertificate({
      commonName: 'LAPTOP-0001',
      sanUris: [intuneDeviceUri(GUID), 'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-512'],
      sanDns: ['laptop-0001.example.com', 'laptop-0001'],
      sanEmails: ['alice@example.com'],
      sanUpns: ['alice@corp.example.com'],
    });
    await authenticateWithCertificate(server, {
      certificate,
      identity: 'host/laptop-0001.example.com',
      mac: '02:ab:cd:ef:00:01',
      nasAttributes: {
        4: '\u0000\u0000\u0000\u0000',
        30: '00-11-22-33-44-55:corp',
        32: 'ap-1',
        44: 'S1',
        50: 'M1',
        87: 'wlan0',
      },
    });
    expect(stub.lookups).toHaveLength(1);
    expect(stub.lookups[0]).toMatchObject({
      method: 'POST',
      path: '/api/lookup',
      headers: {
        'x-api-key': API_KEY,
        accept: 'text/plain',
        prefer: 'answer=whole',
        'content-type': 'application/json',
      },
    });
    expect(stub.question()).toEqual({
      method: 'eap-tls',
      userName: 'host/laptop-0001.example.com',
      callingStationId: '02-AB-CD-EF-00-01',
      calledStationId: '00-11-22-33-44-55:corp',
      nasIpAddress: '0.0.0.0',
      nasIpv6Address: '',
      nasIdentifier: 'ap-1',
      nasPortId: 'wlan0',
      nasPortType: 'Wireless-802.11',
      serviceType: 'Framed-User',
      packetSourceIp: ACCESS_POINT,
      acctSessionId: 'S1',
      acctMultiSessionId: 'M1',
      eapType: 'TLS',
      ssid: NO_SSIDS,
      ciscoAvPairs: NO_PAIRS,
      certificate: {
        subjectAltName:
          `URI:IntuneDeviceId://${GUID}, URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-512, ` +
          'DNS:laptop-0001.example.com, DNS:laptop-0001, email:alice@example.com, ' +
          'othername: UPN::alice@corp.example.com',
        sanUri: '',
        sanDns: 'laptop-0001.example.com,laptop-0001',
        sanEmail: 'alice@example.com',
        sanUpn: 'alice@corp.example.com',
        commonName: 'LAPTOP-0001',
        subject: '/O=Test/CN=LAPTOP-0001',
        issuer: '/O=Test/CN=Test Device Issuing CA',
        serial: certificate.serial,
        notAfter: expect.stringMatching(/^\d{12}Z$/),
      },
      cut: '',
    });
  });

  test("reports the device's own certificate below a longer chain of authorities", async () => {
    await site.withServer({ env: { NAC_CHECK_CRL: 'no' } }, async (own) => {
      const department = await own.deviceAuthority.issueAuthority('Department CA');
      const certificate = await department.issueDeviceCertificate({
        commonName: 'deep',
        sanUris: [intuneDeviceUri(GUID)],
      });
      await authenticateWithCertificate(own, { certificate });
      expect(stub.question()['certificate']).toMatchObject({
        commonName: 'deep',
        serial: certificate.serial,
        issuer: '/O=Test/CN=Department CA',
        subjectAltName: `URI:IntuneDeviceId://${GUID}`,
      });
    });
  });

  test('passes on whatever the identity and the certificate contain, executing nothing', async () => {
    stub.answerWith(PERMIT);
    const hostile = '%{config:nac.api_key} "quotes" \\, new\nline \u0001 Zürich ✓ ","a":"';
    const name = '%{config:nac.api_key}","a":"';
    const reply = await authenticateWithCertificate(server, {
      identity: hostile,
      commonName: hostile,
      sanUris: [`ID:${name}`],
      sanDns: [name, 'second'],
      sanEmails: [name],
      sanUpns: [`${name}@Zürich`],
    });
    expect(reply).toMatchObject({ success: true, code: 'Access-Accept' });
    expect(stub.question()).toMatchObject({ method: 'eap-tls', userName: hostile });
    expect(stub.question()['certificate']).toMatchObject({
      subjectAltName: `URI:ID:${name}, DNS:${name}, DNS:second, email:${name}, othername: UPN::${name}@Zürich`,
      sanDns: `${name},second`,
      sanEmail: name,
      sanUpn: `${name}@Zürich`,
      commonName: hostile,
    });
    expect(stub.lookups[0]?.body).not.toContain('key-');
  });

  test('asks about names that are no text', async () => {
    stub.answerWith(PERMIT);
    const reply = await authenticateWithCertificate(server, {
      identity: Buffer.from([0x68, 0xff, 0xfe, 0x22, 0x80]),
      commonName: 'device',
      sanUris: [intuneDeviceUri(GUID)],
      sanDns: ['bad\u00ff\u00fename'],
    });
    expect(reply).toMatchObject({ success: true, code: 'Access-Accept' });
    expect(stub.question()).toMatchObject({ method: 'eap-tls', certificate: { commonName: 'device' } });
  });

  test('makes no lookup for a certificate from an authority it does not trust', async () => {
    const stranger = await createTestAuthority('Test Device Issuing CA');
    const certificate = await stranger.issueDeviceCertificate({
      commonName: 'device',
      sanUris: [intuneDeviceUri(GUID)],
    });
    for (const mode of FAIL_MODES) {
      const reply = await authenticateWithCertificate(servers[mode], { certificate });
      expect(reply, mode).toMatchObject({ success: false, code: 'Access-Reject' });
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test('asks every time: no session is resumed without the certificate', async () => {
    stub.answerWith(PERMIT);
    const reply = await authenticateWithCertificate(server, { guid: GUID, commonName: 'again', reauthentications: 1 });
    expect(reply).toMatchObject({ success: true, code: 'Access-Accept' });
    expect(stub.lookups).toHaveLength(2);
    expect(stub.question(0)['certificate']).toMatchObject({
      commonName: 'again',
      subjectAltName: `URI:${intuneDeviceUri(GUID)}`,
    });
    expect(stub.question(1)['certificate']).toEqual(stub.question(0)['certificate']);
  });

  describe('names of a certificate that cannot be put before the connector as they are', () => {
    const control = (count: number) => '\u0001'.repeat(count);

    test.each([
      [
        'a long certificate',
        { sanDns: Array.from({ length: 40 }, (_, n) => `host-${n}.${'x'.repeat(40)}.example.com`) },
      ],
      ['DNS names cut off before the last', { sanDns: [control(341), 'x, URI:IntuneDeviceId://1'] }],
      ['DNS names of quotes cut off before the last', { sanDns: ['"'.repeat(1100), 'x, URI:IntuneDeviceId://1'] }],
      ['mail addresses cut off before the last', { sanEmails: [control(341), 'x, URI:IntuneDeviceId://1'] }],
      ['a DNS name that would be missing from the list', { sanDns: [`x, URI:IntuneDeviceId://${GUID}\\`, 'y'] }],
      ['a UPN cut off', { sanUpns: [`${control(341)}, URI:IntuneDeviceId://1`] }],
      ['quotes that only become long when quoted', { sanDns: ['"'.repeat(600)], sanEmails: ['"'.repeat(600)] }],
      [
        'a hostile identity on top of long names',
        {
          identity: `a${control(250)}`,
          commonName: 'ü'.repeat(60),
          sanUpns: ['ü'.repeat(60)],
          sanDns: ['x'.repeat(300)],
        },
      ],
    ])('are asked about without any of its names, and with the word of it: %s', async (_, names) => {
      for (const mode of FAIL_MODES) {
        stub.reset();
        const reply = await authenticateWithCertificate(servers[mode], names);
        expect(reply, mode).toMatchObject({ success: false, code: 'Access-Reject' });
        expect(withoutEap(reply.attributes), mode).toEqual({});
        const { cut, certificate } = stub.question() as { cut: string; certificate: Record<string, string> };
        expect(cut.split(','), mode).toContain('certificate');
        const { issuer, serial, notAfter, ...rest } = certificate;
        expect(issuer, mode).toBe('/O=Test/CN=Test Device Issuing CA');
        expect([serial, notAfter], mode).not.toContain('');
        expect(new Set(Object.values(rest)), mode).toEqual(new Set(['']));
      }
    });

    test('are asked about up to the limit', async () => {
      stub.answerWith(PERMIT);
      const reply = await authenticateWithCertificate(server, {
        guid: GUID,
        commonName: 'c'.repeat(64),
        identity: `host/${'i'.repeat(240)}`,
        sanDns: Array.from({ length: 12 }, (_, n) => `host-${n}.${'x'.repeat(40)}.example.com`),
        sanEmails: [`${'e'.repeat(80)}@example.com`],
        sanUpns: ['ü'.repeat(10)],
        nasAttributes: { 30: 'c'.repeat(200), 32: 'n'.repeat(200), 44: 's'.repeat(60), 87: 'p'.repeat(60) },
      });
      expect(reply).toMatchObject({ success: true });
      expect(stub.lookups[0]?.body.length).toBeGreaterThan(3300);
    });
  });
});

describe('requests that are not a device', () => {
  const compliant = { 'Calling-Station-Id': MAC };
  const mac = '02abcdef0001';

  const rejected: [name: string, request: RequestAttributes][] = [
    ['an unknown user on a compliant device', { 'User-Name': 'bob', 'User-Password': 'x', ...compliant }],
    ['a wrong password', { 'User-Name': SITE_USER.name, 'User-Password': 'wrong', ...compliant }],
    ['no password', { 'User-Name': SITE_USER.name, ...compliant }],
    [
      'a wrong password with Call-Check',
      { 'User-Name': SITE_USER.name, 'User-Password': 'wrong', 'Service-Type': 'Call-Check', ...compliant },
    ],
    [
      'an unknown administrator of the switch',
      { 'User-Name': 'root', 'User-Password': 'x', 'Service-Type': 'Administrative-User', ...compliant },
    ],
    ['the MAC address without Call-Check', { 'User-Name': mac, 'User-Password': mac, ...compliant }],
    [
      'the MAC address with another Service-Type',
      { 'User-Name': mac, 'User-Password': mac, 'Service-Type': 'Framed-User', ...compliant },
    ],
    ['another MAC address in User-Name', { ...mabRequest(MAC), 'User-Name': '02abcdef0002' }],
    ['more than the MAC address in User-Name', { ...mabRequest(MAC), 'User-Name': `${mac}0` }],
    ['a newline behind the MAC address', { ...mabRequest(MAC), 'User-Name': `${mac}\n` }],
    ['an administrator with Call-Check', { ...mabRequest(MAC), 'User-Name': 'admin' }],
    ['no Calling-Station-Id', { 'User-Name': mac, 'User-Password': mac, 'Service-Type': 'Call-Check' }],
    ['no User-Name', { 'User-Password': mac, 'Service-Type': 'Call-Check', ...compliant }],
    ['equal names which are no MAC address', { ...mabRequest(MAC), 'User-Name': 'x', 'Calling-Station-Id': 'x' }],
    [
      'an EAP identity that looks like MAB',
      {
        'User-Name': mac,
        'Service-Type': 'Call-Check',
        'EAP-Message': `0x0201001101${Buffer.from(mac).toString('hex')}`,
        'Message-Authenticator': '0x00',
        ...compliant,
      },
    ],
  ];

  test.each(rejected)('are neither looked up nor let in: %s', async (name, request) => {
    stub.answerWith(PERMIT);
    for (const mode of FAIL_MODES) {
      const reply = await sendAccessRequest(servers[mode], request);
      // The EAP identity opens a conversation, which no certificate follows.
      expect(reply.code, mode).toBe(name.startsWith('an EAP') ? 'Access-Challenge' : 'Access-Reject');
      expect(Object.keys(withoutEap(reply.attributes)), mode).not.toContain('Tunnel-Private-Group-Id:0');
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test.each([
    ['an administrator of the switch', { 'Service-Type': 'Administrative-User' }],
    ['an administrator on a compliant device', { 'Service-Type': 'Administrative-User', ...compliant }],
    ['at the prompt of the switch', { 'Service-Type': 'NAS-Prompt-User', ...compliant }],
  ])("are let in by the site's own authentication alone: %s", async (_, more) => {
    const request = { 'User-Name': SITE_USER.name, 'User-Password': SITE_USER.password, ...more };
    for (const mode of FAIL_MODES) {
      expect(await sendAccessRequest(servers[mode], request), mode).toEqual({ code: 'Access-Accept', attributes: {} });
    }
    expect(stub.lookups).toHaveLength(0);
  });
});

describe('the settings', () => {
  const shipped = (name: string) =>
    readFileSync(path.join(import.meta.dirname, '../../infra/freeradius', name), 'utf8');

  test('are all in the example', () => {
    const used = [...shipped('nac.conf').matchAll(/\$ENV\{(NAC_\w+)\}/g)].map(([, name]) => name);
    const given = [...shipped('nac.env.example').matchAll(/^(NAC_\w+)=/gm)].map(([, name]) => name);
    expect(given).toEqual(expect.arrayContaining(used));
    expect(new Set(given)).toEqual(new Set(used));
  });

  test('appear in no log line in normal operation', async () => {
    stub.answerWith('', { status: 503 });
    await sendAccessRequest(server, mabRequest(MAC));
    expect(server.output()).toContain('Ready to process requests');
    expect(server.output()).not.toContain('key-');
  });
});
