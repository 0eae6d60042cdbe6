// The FreeRADIUS configuration we ship, run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestAuthority } from '../support/freeradius/certificates.ts';
import { ACCESS_POINT, authenticateWithCertificate, intuneDeviceUri } from '../support/freeradius/eapol-test.ts';
import {
  FALLBACK_ATTRIBUTES,
  NO_CERTIFICATE,
  NO_PAIRS,
  NO_SSIDS,
  octets,
  PERMIT,
  PERMIT_ATTRIBUTES,
  UNAVAILABLE,
  withoutEap,
} from '../support/freeradius/expected-replies.ts';
import { API_KEY, type LookupStub, type StubAnswer, startLookupStub } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, type RequestAttributes, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FailMode, FreeRadius } from '../support/freeradius/start-freeradius.ts';

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

let macs = 0;

/** A MAC address no other test uses. */
function newMac(): string {
  macs += 1;
  return `02:00:00:00:${[macs >> 8, macs & 0xff].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

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

  test('asks nobody about a certificate from an authority it does not trust', async () => {
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

describe('without an answer', () => {
  const down = 'not listening';
  const hanging = 'hanging';
  const cases: [name: string, answer: StubAnswer | 'reset' | typeof down | typeof hanging][] = [
    ['connector down', down],
    ['connector hanging', hanging],
    ['connection reset', 'reset'],
    ['503 with a permit', { status: 503, body: PERMIT }],
    ['500', { status: 500, contentType: 'text/html', body: '<h1>Internal Server Error</h1>' }],
    ['404 with a permit', { status: 404, body: PERMIT }],
    ['410 with a permit', { status: 410, body: PERMIT }],
    ['429', { status: 429, body: PERMIT }],
    ['302', { status: 302, body: PERMIT }],
    ['201 with a permit', { status: 201, body: PERMIT }],
    ['204', { status: 204, body: '' }],
    ['200 with a login page', { contentType: 'text/html', body: '<html><body>permit</body></html>' }],
    ['200 with nothing', { body: '' }],
    ['200 JSON', { contentType: 'application/json', body: '{"decision":"permit"}' }],
    [
      '200 JSON that sets attributes',
      {
        contentType: 'application/json',
        body: JSON.stringify({
          'control:Auth-Type': 'Accept',
          'control:NAC-Decision': 'permit',
          'control:NAC-Answer': PERMIT,
          'reply:Filter-Id': '%{config:nac.api_key}',
        }),
      },
    ],
    ['a permit with a second line', { body: `${PERMIT}\nrole=admin` }],
    ['a permit with a newline', { body: `${PERMIT}\n` }],
    ['a line before the permit', { body: `hello\n${PERMIT}` }],
    ['a permit with a NUL', { body: `${PERMIT}\u0000` }],
    ['a permit with more behind it', { body: `${PERMIT} admin=yes` }],
    ['a deny with a newline', { body: 'deny\n' }],
    ['a role that is an expression', { body: 'permit role=%{echo:/usr/bin/id} vlan=20 timeout=60 class=c' }],
    ['a reference that is an expression', { body: 'permit role=r vlan=20 timeout=60 class=%{config:nac.api_key}' }],
    ['a role that is too long', { body: `permit role=${'r'.repeat(65)} vlan=20 timeout=60 class=c` }],
    ['a session time that is too long', { body: 'permit role=r vlan=20 timeout=12345678 class=c' }],
    ['a permit without VLAN', { body: 'permit role=r timeout=60 class=c' }],
    ['fields in another order', { body: 'permit vlan=20 role=r timeout=60 class=c' }],
    ['another spelling', { body: PERMIT.toUpperCase() }],
  ];

  /** Runs `use` while the lookup function behaves as the case says. */
  async function during(behaviour: (typeof cases)[number][1], use: () => Promise<void>): Promise<void> {
    if (behaviour === down) {
      await stub.close();
      try {
        await use();
      } finally {
        await stub.listen();
      }
      return;
    }
    const { promise, resolve } = Promise.withResolvers<StubAnswer>();
    stub.answer = () => (behaviour === hanging ? promise : behaviour);
    try {
      await use();
    } finally {
      resolve({ body: PERMIT });
    }
  }

  test.each(cases)('%s: rejected, let into the fallback, or the last decision repeated', async (_, behaviour) => {
    const known = newMac();
    const unknown = newMac();
    stub.answerWith('permit role=known vlan=30 timeout=60 class=earlier');
    await Promise.all(FAIL_MODES.map((mode) => sendAccessRequest(servers[mode], mabRequest(known))));
    expect(stub.lookups).toHaveLength(3);

    await during(behaviour, async () => {
      const [closed, open, last, lastUnknown] = await Promise.all([
        sendAccessRequest(servers.closed, mabRequest(known)),
        sendAccessRequest(servers.open, mabRequest(known)),
        sendAccessRequest(servers.last, mabRequest(known)),
        sendAccessRequest(servers.last, mabRequest(unknown)),
      ]);
      expect(closed, 'closed').toEqual(UNAVAILABLE);
      expect(open, 'open').toEqual({ code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES });
      expect(last, 'last').toEqual({
        code: 'Access-Accept',
        attributes: {
          ...PERMIT_ATTRIBUTES,
          'Filter-Id': 'known',
          'Tunnel-Private-Group-Id:0': '30',
          'Session-Timeout': '60',
          Class: octets('earlier'),
        },
      });
      expect(lastUnknown, 'last, unknown device').toEqual(UNAVAILABLE);
    });
    expect(stub.lookups).toHaveLength(behaviour === down ? 3 : behaviour === 'reset' ? stub.lookups.length : 7);
  });

  test.each(cases.filter(([name]) => /down|hanging|503|404|login page|JSON that|second line/.test(name)))(
    'EAP-TLS, %s: rejected, let into the fallback, or the last decision repeated',
    async (_, behaviour) => {
      const certificate = (mode: FailMode) => servers[mode].deviceAuthority.issueDeviceCertificate({ commonName: 'd' });
      const [closed, open, known, unknown] = await Promise.all([
        certificate('closed'),
        certificate('open'),
        certificate('last'),
        certificate('last'),
      ]);
      stub.answerWith(PERMIT);
      await authenticateWithCertificate(servers.last, { certificate: known });

      await during(behaviour, async () => {
        const replies = await Promise.all([
          authenticateWithCertificate(servers.closed, { certificate: closed }),
          authenticateWithCertificate(servers.open, { certificate: open }),
          authenticateWithCertificate(servers.last, { certificate: known }),
          authenticateWithCertificate(servers.last, { certificate: unknown }),
        ]);
        expect(replies.map(({ success, code }) => ({ success, code }))).toEqual([
          { success: false, code: 'Access-Reject' },
          { success: true, code: 'Access-Accept' },
          { success: true, code: 'Access-Accept' },
          { success: false, code: 'Access-Reject' },
        ]);
        expect(withoutEap(replies[0].attributes)).toEqual({});
        expect(withoutEap(replies[1].attributes)).toEqual(FALLBACK_ATTRIBUTES);
        expect(withoutEap(replies[2].attributes)).toEqual(PERMIT_ATTRIBUTES);
      });
    },
  );

  test('an unknown fail mode is closed', async () => {
    stub.answerWith('', { status: 503 });
    await site.withServer({ env: { NAC_FAIL_MODE: 'opened' } }, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
    });
  });

  test('the server starts while the connector is away, and asks it as soon as it is there', async () => {
    await stub.close();
    await site.withServer({}, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
      await stub.listen();
      stub.answerWith(PERMIT);
      expect(await sendAccessRequest(own, mabRequest(MAC))).toMatchObject({ code: 'Access-Accept' });
    });
  });

  test.each(FAIL_MODES)('a connector certified by another authority gives no answer (%s)', async (failMode) => {
    stub.answerWith(PERMIT);
    const other = await startLookupStub();
    try {
      await site.withServer({ failMode, caFile: other.caFile }, async (own) => {
        const reply = await sendAccessRequest(own, mabRequest(MAC));
        expect(reply).toEqual(
          failMode === 'open' ? { code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES } : UNAVAILABLE,
        );
      });
    } finally {
      await other.stop();
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test('a connector certified for another name gives no answer', async () => {
    stub.answerWith(PERMIT);
    await site.withServer({ baseUrl: stub.baseUrl.replace('localhost', '127.0.0.1') }, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
    });
    expect(stub.lookups).toHaveLength(0);
  });
});

describe('the last decision', () => {
  const unavailable = () => stub.answerWith('', { status: 503 });

  test('is the newest one', async () => {
    const mac = newMac();
    stub.answerWith('permit role=first vlan=1 timeout=60 class=first');
    await sendAccessRequest(servers.last, mabRequest(mac));
    stub.answerWith('permit role=second vlan=2 timeout=60 class=second');
    const second = await sendAccessRequest(servers.last, mabRequest(mac));
    expect(second.attributes).toMatchObject({ 'Filter-Id': 'second', Class: octets('second') });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual(second);
  });

  test('is forgotten by a deny', async () => {
    const mac = newMac();
    stub.answerWith(PERMIT);
    await sendAccessRequest(servers.last, mabRequest(mac));
    stub.answerWith('deny');
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual({ code: 'Access-Reject', attributes: {} });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual(UNAVAILABLE);
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toMatchObject({ code: 'Access-Accept' });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toMatchObject({ code: 'Access-Accept' });
  });

  test('is forgotten by a deny of the certificate, from whichever adapter', async () => {
    const certificate = await servers.last.deviceAuthority.issueDeviceCertificate({ commonName: 'd' });
    stub.answerWith(PERMIT);
    await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:01' });
    stub.answerWith('deny');
    await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:02' });
    unavailable();
    const reply = await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:01' });
    expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
  });

  test('of a MAC address serves no certificate, and that of a certificate neither MAC address nor other certificate', async () => {
    const issue = () => servers.last.deviceAuthority.issueDeviceCertificate({ commonName: 'same name' });
    const [permitted, other] = await Promise.all([issue(), issue()]);
    const [macOfMab, macOfCertificate] = [newMac(), newMac()];
    stub.answerWith(PERMIT);
    await sendAccessRequest(servers.last, mabRequest(macOfMab));
    await authenticateWithCertificate(servers.last, { certificate: permitted, mac: macOfCertificate });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(macOfMab))).toMatchObject({ code: 'Access-Accept' });
    expect(await sendAccessRequest(servers.last, mabRequest(macOfCertificate))).toEqual(UNAVAILABLE);
    for (const mac of [macOfMab, macOfCertificate]) {
      const reply = await authenticateWithCertificate(servers.last, { certificate: other, mac });
      expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
    }
  });

  test('holds for the configured time, however often it is repeated', async () => {
    await site.withServer({ failMode: 'last', env: { NAC_LAST_DECISION_SECONDS: '2' } }, async (own) => {
      stub.answerWith(PERMIT);
      await sendAccessRequest(own, mabRequest(MAC));
      unavailable();
      expect(await sendAccessRequest(own, mabRequest(MAC))).toMatchObject({ code: 'Access-Accept' });
      await expect
        .poll(() => sendAccessRequest(own, mabRequest(MAC)), { interval: 100, timeout: 10_000 })
        .toEqual(UNAVAILABLE);
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

describe('a connector that answers nobody', () => {
  test('holds up no more requests than the pool has places; all others are answered', async () => {
    const places = 4;
    await site.withServer(
      { env: { NAC_MAX_LOOKUPS: String(places), NAC_MAX_SERVERS: '8', NAC_TOTAL_TIMEOUT: '25' } },
      async (own) => {
        const { promise: held, resolve: release } = Promise.withResolvers<StubAnswer>();
        stub.answer = () => held;

        let surplus = 0;
        const surplusAnswered = Promise.withResolvers<void>();
        const devices = Promise.all(
          Array.from({ length: places * 5 }, async () => {
            const reply = await sendAccessRequest(own, mabRequest(newMac()), 20);
            if (reply.code === 'Access-Reject') surplus += 1;
            if (surplus === places * 4) surplusAnswered.resolve();
            return reply.code;
          }),
        );
        try {
          await Promise.race([Promise.all([stub.received(places), surplusAnswered.promise]), devices]);
          expect({ surplus, waiting: stub.lookups.length }).toEqual({ surplus: places * 4, waiting: places });

          const users = await Promise.all(
            Array.from({ length: 40 }, () =>
              sendAccessRequest(own, {
                'User-Name': SITE_USER.name,
                'User-Password': SITE_USER.password,
                'Service-Type': 'NAS-Prompt-User',
              }),
            ),
          );
          expect(users.map(({ code }) => code)).toEqual(Array.from({ length: 40 }, () => 'Access-Accept'));
          // Until here, nobody among the first devices has been let go.
          expect({ surplus, waiting: stub.lookups.length }).toEqual({ surplus: places * 4, waiting: places });
        } finally {
          release({ body: PERMIT });
          await devices;
        }
        const codes = await devices;
        expect(codes.filter((code) => code === 'Access-Accept')).toHaveLength(places);
        expect(codes.filter((code) => code === 'Access-Reject')).toHaveLength(places * 4);
      },
    );
  });

  test('a burst within the pool is served whole', async () => {
    stub.answerWith(PERMIT);
    await site.withServer({ env: { NAC_MAX_LOOKUPS: '16', NAC_MAX_SERVERS: '32' } }, async (own) => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => sendAccessRequest(own, mabRequest(newMac()))));
      expect(replies.map(({ code }) => code)).toEqual(Array.from({ length: 12 }, () => 'Access-Accept'));
    });
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
