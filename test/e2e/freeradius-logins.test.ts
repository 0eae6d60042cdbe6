// What the shipped FreeRADIUS configuration does with users and computers whom the site itself authenticates: EAP-TTLS
// and PEAP, PAP and MS-CHAP, a VPN; run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldRequest } from '../support/field-cases.ts';
import {
  ACCESS_POINT,
  authenticateWithPassword,
  type PasswordAuthentication,
} from '../support/freeradius/eapol-test.ts';
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
import type { LookupStub, StubAnswer } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, type RequestAttributes, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FreeRadius } from '../support/freeradius/start-freeradius.ts';

const ALICE = { name: 'alice', password: 'alices-password' };
const COMPUTER = { name: 'host/lt-0042.contoso.com', password: 'computers-password' };
const ACCOUNT = { name: 'CONTOSO\\LT-0042$', password: 'accounts-password' };
const HOSTILE = { name: '%{config:nac.api_key}","method":"mab', password: 'hostile' };

const TUNNELS = ['TTLS/PAP', 'TTLS/MSCHAPV2', 'TTLS/EAP-MSCHAPV2', 'PEAP/MSCHAPV2', 'PEAP/GTC'] as const;

let site: SampleSite;
let stub: LookupStub;
let servers: SampleSite['servers'];
let server: FreeRadius;

beforeAll(async () => {
  site = await startSampleSite([ALICE, COMPUTER, ACCOUNT, HOSTILE]);
  ({ stub, servers } = site);
  server = servers.closed;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

/** Alice by default, inside of a tunnel. */
function tunnel(own: FreeRadius, options: Partial<PasswordAuthentication> = {}) {
  return authenticateWithPassword(own, {
    method: 'TTLS/PAP',
    user: ALICE.name,
    password: ALICE.password,
    ...options,
  });
}

/** Alice at a VPN gateway or web portal. */
function login(more: RequestAttributes = {}): RequestAttributes {
  return { 'User-Name': ALICE.name, 'User-Password': ALICE.password, 'Calling-Station-Id': '198.51.100.7', ...more };
}

/** The Cisco-AVPairs in the question, without the places that are empty. */
function pairsSent(): string[] {
  return (stub.question()['ciscoAvPairs'] as string[]).filter((pair) => pair !== '');
}

describe('EAP-TTLS and PEAP', () => {
  test.each(TUNNELS)('%s: let in by a permit, with one lookup', async (method) => {
    stub.answerWith(PERMIT);
    const reply = await tunnel(server, { method });
    expect(reply).toMatchObject({ success: true, code: 'Access-Accept' });
    expect(withoutEap(reply.attributes)).toEqual(PERMIT_ATTRIBUTES);
    expect(stub.lookups).toHaveLength(1);
  });

  test.each(TUNNELS)('%s: rejected without one, and the device sees the rejection', async (method) => {
    stub.answerWith('deny');
    const reply = await tunnel(server, { method });
    expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
    expect(withoutEap(reply.attributes)).toEqual({});
    expect(reply.attributes['EAP-Message']).toMatch(/^0x04/);
    expect(stub.lookups).toHaveLength(1);
  });

  test.each(TUNNELS)('%s: a wrong password leads to no lookup', async (method) => {
    stub.answerWith(PERMIT);
    for (const mode of FAIL_MODES) {
      expect(await tunnel(servers[mode], { method, password: 'wrong' }), mode).toMatchObject({ success: false });
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test('asks about the account inside of the tunnel, at the station and access point outside of it', async () => {
    await tunnel(server, {
      outerIdentity: COMPUTER.name,
      mac: '02:ab:cd:ef:00:01',
      nasAttributes: { 30: '00-11-22-33-44-55:corp', 32: 'ap-1', 44: 'S1', 50: 'M1', 87: 'wlan0' },
    });
    expect(stub.question()).toEqual({
      method: 'site',
      userName: ALICE.name,
      callingStationId: '02-AB-CD-EF-00-01',
      calledStationId: '00-11-22-33-44-55:corp',
      nasIpAddress: '127.0.0.1',
      nasIpv6Address: '',
      nasIdentifier: 'ap-1',
      nasPortId: 'wlan0',
      nasPortType: 'Wireless-802.11',
      serviceType: 'Framed-User',
      packetSourceIp: ACCESS_POINT,
      acctSessionId: 'S1',
      acctMultiSessionId: 'M1',
      eapType: 'TTLS',
      ssid: NO_SSIDS,
      ciscoAvPairs: NO_PAIRS,
      certificate: NO_CERTIFICATE,
      cut: '',
    });
  });

  test.each([
    ['TTLS/PAP', COMPUTER],
    ['TTLS/PAP', ACCOUNT],
    ['PEAP/MSCHAPV2', COMPUTER],
    ['PEAP/MSCHAPV2', ACCOUNT],
  ] as const)('%s: a computer account is named as it was authenticated: %o', async (method, { name, password }) => {
    await tunnel(server, { method, user: name, password });
    expect(stub.question()).toMatchObject({ method: 'site', userName: name });
  });

  test('asks every time: no session is resumed past the password', async () => {
    stub.answerWith(PERMIT);
    for (const method of ['TTLS/PAP', 'PEAP/MSCHAPV2'] as const) {
      stub.reset();
      stub.answerWith(PERMIT);
      expect(await tunnel(server, { method, reauthentications: 1 }), method).toMatchObject({ success: true });
      expect(stub.lookups, method).toHaveLength(2);
    }
  });

  test('takes a name outside of the tunnel that is no text for what it is: nothing', async () => {
    stub.answerWith(PERMIT);
    const reply = await tunnel(server, { outerIdentity: Buffer.from([0xff, 0xfe, 0x22, 0x25, 0x7b, 0x80]) });
    expect(reply).toMatchObject({ success: true });
    expect(stub.question()).toMatchObject({ method: 'site', userName: ALICE.name });
  });

  test('passes on a hostile name, executing nothing', async () => {
    stub.answerWith(PERMIT);
    const reply = await tunnel(server, { user: HOSTILE.name, password: HOSTILE.password, outerIdentity: HOSTILE.name });
    expect(reply).toMatchObject({ success: true });
    expect(stub.question()).toMatchObject({ method: 'site', userName: HOSTILE.name });
    expect(stub.lookups[0]?.body).not.toContain('key-');
  });
});

describe('a site’s own changes', () => {
  test('that lose the lookup inside of the tunnel let no device in, and the device sees the rejection', async () => {
    stub.answerWith(PERMIT);
    const lost = { file: 'sites-available/nac', from: '\n\t\tnac_after_tunnel\n', to: '\n\t\tnoop\n' };
    await site.withServer({ failMode: 'open', siteChanges: [lost] }, async (own) => {
      for (const method of TUNNELS) {
        const reply = await tunnel(own, { method });
        expect(reply, method).toMatchObject({ success: false, code: 'Access-Reject' });
        expect(Object.keys(reply.attributes).toSorted(), method).toEqual(['EAP-Message', 'Message-Authenticator']);
        expect(reply.attributes['EAP-Message'], method).toMatch(/^0x04/);
      }
      expect(stub.lookups).toHaveLength(0);
    });
  });

  test('may declare a switch’s own form of MAB', async () => {
    stub.answerWith(PERMIT);
    const mac = '02abcdef0001';
    const request = {
      'User-Name': mac,
      'User-Password': mac,
      'Calling-Station-Id': mac,
      'NAS-IP-Address': '192.0.2.17',
    };
    const condition = '&Service-Type && &Service-Type == Call-Check &&';
    const declared = {
      file: 'policy.d/nac',
      from: `if (!&EAP-Message && \\\n\t    ${condition}`,
      to: 'if (!&EAP-Message && &NAS-IP-Address && &NAS-IP-Address == 192.0.2.17 &&',
    };
    await site.withServer({ siteChanges: [declared] }, async (own) => {
      expect(await sendAccessRequest(own, request)).toMatchObject({ code: 'Access-Accept' });
      expect(stub.question()).toMatchObject({ method: 'mab', userName: mac });
      const elsewhere = { ...request, 'NAS-IP-Address': '192.0.2.18' };
      expect(await sendAccessRequest(own, elsewhere)).toMatchObject({ code: 'Access-Reject' });
      expect(stub.lookups).toHaveLength(1);
    });
  });
});

describe('requests as access devices in the field send them', () => {
  test('MAB of a Huawei controller, with a long port', async () => {
    stub.answerWith(PERMIT);
    const request = fieldRequest('a-huawei-mab.rad');
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
    expect(stub.question()).toMatchObject({
      method: 'mab',
      callingStationId: '8c16-45bd-1c19',
      nasPortId: request['NAS-Port-Id'],
    });
  });

  test('MAB of an Avaya switch without Calling-Station-Id, which a site may declare', async () => {
    stub.answerWith(PERMIT);
    const request = fieldRequest('a-avaya-neap.rad');
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Reject' });
    expect(stub.lookups).toHaveLength(0);
    const shipped = readFileSync(join(import.meta.dirname, '../../infra/freeradius/policy.d/nac'), 'utf8');
    const example = /^#\t\telsif \(!&EAP-Message && !&Calling-Station-Id[\s\S]*?^#\t\t\}$/m.exec(shipped)?.[0] ?? '';
    const declared = {
      file: 'policy.d/nac',
      from: '\t\t\t&NAC-Method := "mab"\n\t\t}\n\t}\n}',
      to: `\t\t\t&NAC-Method := "mab"\n\t\t}\n\t}\n${example.replaceAll(/^#\t/gm, '')}\n}`,
    };
    await site.withServer({ siteChanges: [declared] }, async (own) => {
      expect(await sendAccessRequest(own, request)).toMatchObject({ code: 'Access-Accept' });
      expect(stub.question()).toMatchObject({
        method: 'mab',
        userName: '8c1645bd1c19',
        callingStationId: '8c1645bd1c19',
      });
      const elsewhere = { ...request, 'NAS-IP-Address': '192.0.2.251' };
      expect(await sendAccessRequest(own, elsewhere)).toMatchObject({ code: 'Access-Reject' });
      expect(stub.lookups).toHaveLength(1);
    });
  });
});

describe('a FortiGate', () => {
  test.each(['a-fortigate-vpn.rad', 'a-fortigate-webauth.rad'])(
    'is answered by the connector alone: %s',
    async (file) => {
      const request = { ...fieldRequest(file), 'User-Name': ALICE.name, 'User-Password': ALICE.password };
      stub.answerWith('deny');
      expect(await sendAccessRequest(server, request)).toEqual({ code: 'Access-Reject', attributes: {} });
      const { 'Calling-Station-Id': callingStationId, 'NAS-Port-Type': nasPortType } = fieldRequest(file);
      expect(stub.question()).toMatchObject({ method: 'site', userName: 'alice', callingStationId, nasPortType });
      stub.answerWith(PERMIT);
      expect(await sendAccessRequest(server, request)).toMatchObject({ attributes: PERMIT_ATTRIBUTES });
    },
  );
});

describe('PAP, CHAP and MS-CHAP', () => {
  test('let in by a permit, with one lookup', async () => {
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(server, login())).toEqual({ code: 'Access-Accept', attributes: PERMIT_ATTRIBUTES });
    expect(stub.question()).toMatchObject({ method: 'site', userName: 'alice', callingStationId: '198.51.100.7' });
    expect(stub.lookups).toHaveLength(1);
  });

  test.each([
    ['PAP', { 'User-Password': ALICE.password }],
    ['CHAP', { 'CHAP-Password': ALICE.password }],
    ['MS-CHAP', { 'MS-CHAP-Password': ALICE.password }],
  ])('%s: rejected without one, with nothing of the successful login', async (_, password) => {
    const request = { 'User-Name': ALICE.name, 'Calling-Station-Id': '198.51.100.7', ...password };
    stub.answerWith('deny');
    expect(await sendAccessRequest(server, request)).toEqual({ code: 'Access-Reject', attributes: {} });
    expect(stub.lookups).toHaveLength(1);
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
  });

  test.each([
    ['no Service-Type', {}],
    ['Framed-User', { 'Service-Type': 'Framed-User' }],
    ['Call-Check without the MAC address as user', { 'Service-Type': 'Call-Check' }],
    ['Login-User at a web portal', { 'Service-Type': 'Login-User', 'NAS-Port-Type': 'Wireless-802.11' }],
    ['Login-User on a wired port', { 'Service-Type': 'Login-User', 'NAS-Port-Type': 'Ethernet' }],
    ['Login-User at a VPN gateway', { 'Service-Type': 'Login-User', 'NAS-Port-Type': 'Virtual' }],
    ['Login-User on a port of another kind', { 'Service-Type': 'Login-User', 'NAS-Port-Type': 'Wireless-Other' }],
    ['Login-User on an asynchronous port', { 'Service-Type': 'Login-User', 'NAS-Port-Type': 'Async' }],
    ['Login-User and no port', { 'Service-Type': 'Login-User' }],
    ['Outbound-User', { 'Service-Type': 'Outbound-User', 'NAS-Port-Type': 'Virtual' }],
  ])('are network access with %s', async (_, more) => {
    stub.answerWith('deny');
    expect(await sendAccessRequest(server, login(more))).toMatchObject({ code: 'Access-Reject' });
    expect(stub.question()).toMatchObject({ method: 'site', userName: 'alice' });
  });
});

describe('a VPN gateway', () => {
  const pairs = [
    'mdm-tlv=device-platform=win',
    'mdm-tlv=device-mac=00-0c-29-74-9d-e8',
    'mdm-tlv=device-type=VMware, Inc. VMware "Virtual" Platform\\',
    'mdm-tlv=ac-user-agent=Secure Client Zürich %{config:nac.api_key}\nnext line',
    `mdm-tlv=device-uid=${'3a'.repeat(32)}`,
    'audit-session-id=c0a80101000010005f6e4b2a',
    'ip:source-ip=192.0.2.17',
    'coa-push=true',
    'mdm-tlv=","method":"mab',
  ];

  test('has all its Cisco-AVPairs sent on, each by itself and as it is', async () => {
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(server, login({ 'Cisco-AVPair': pairs }))).toMatchObject({ code: 'Access-Accept' });
    const sent = pairsSent();
    expect(sent).toEqual(pairs);
    expect(stub.question()).toMatchObject({ method: 'site', userName: 'alice' });
    expect(stub.lookups[0]?.body).not.toContain('key-');
  });

  test('may send more than there is room for: the telling pairs stay', async () => {
    stub.answerWith(PERMIT);
    const chatter = Array.from({ length: 14 }, (_, n) => `mdm-tlv=x-${n}=${'"'.repeat(200)}`);
    const telling = ['mdm-tlv=device-mac=00-0c-29-74-9d-e8', 'audit-session-id=c0a80101000010005f6e4b2a'];
    const request = login({ 'Cisco-AVPair': [...chatter, ...telling] });
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
    const sent = pairsSent();
    expect(sent).toEqual(expect.arrayContaining(telling));
    expect(sent.length).toBeLessThan(14);
    expect(sent.filter((pair) => !telling.includes(pair) && !chatter.includes(pair))).toEqual([]);
  });

  test('is asked about with long names and many pairs alike', async () => {
    stub.answerWith(PERMIT);
    const long = (text: string) => text.repeat(125);
    const names = { 'Called-Station-Id': long('c/'), 'NAS-Identifier': long('n/'), 'NAS-Port-Id': long('p/') };
    const request = login({
      ...names,
      'NAS-IPv6-Address': '2001:db8:1111:2222:3333:4444:5555:6666',
      'Acct-Session-Id': long('s/'),
      'Cisco-AVPair': Array.from({ length: 24 }, (_, n) => `mdm-tlv=device-mac=00-0c-29-74-9d-${n + 10}`),
    });
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
    expect(stub.question()).toMatchObject({ calledStationId: long('c/'), acctSessionId: long('s/') });
    expect(pairsSent().length).toBeGreaterThan(0);
  });

  test('may send bytes that are no text', async () => {
    stub.answerWith(PERMIT);
    const request = login({ 'Cisco-AVPair': [Buffer.from([0x6d, 0xff, 0xfe, 0x00, 0x80, 0x41]), 'coa-push=true'] });
    expect(await sendAccessRequest(server, request)).toMatchObject({ code: 'Access-Accept' });
    expect(pairsSent()).toContain('coa-push=true');
  });
});

describe('without an answer', () => {
  const unavailable: [name: string, answer: StubAnswer | 'reset' | 'hanging'][] = [
    ['hanging', 'hanging'],
    ['connection reset', 'reset'],
    ['503 with a permit', { status: 503, body: PERMIT }],
    ['404 with a permit', { status: 404, body: PERMIT }],
    ['a login page', { contentType: 'text/html', body: '<html>permit</html>' }],
    ['JSON that sets attributes', { contentType: 'application/json', body: '{"control:NAC-Outcome":"permit"}' }],
    ['a role that is an expression', { body: 'permit role=%{config:nac.api_key} vlan=2 timeout=60 class=c' }],
  ];

  test.each(unavailable)(
    '%s: rejected, let into the fallback, or the last decision repeated',
    async (name, behaviour) => {
      const mac = '02:00:00:00:01:01';
      const station = { 'Calling-Station-Id': '198.51.100.8' };
      stub.answerWith(PERMIT);
      await tunnel(servers.last, { mac });
      await sendAccessRequest(servers.last, login(station));

      const held = Promise.withResolvers<StubAnswer>();
      stub.answer = () => (behaviour === 'hanging' ? held.promise : behaviour);
      try {
        const inTunnel = await Promise.all(FAIL_MODES.map((mode) => tunnel(servers[mode], { mac })));
        expect(inTunnel.map(({ success }) => success)).toEqual([false, true, true]);
        expect(inTunnel.map(({ attributes }) => withoutEap(attributes))).toEqual([
          {},
          FALLBACK_ATTRIBUTES,
          PERMIT_ATTRIBUTES,
        ]);
        const outside = await Promise.all(FAIL_MODES.map((mode) => sendAccessRequest(servers[mode], login(station))));
        expect(outside, name).toEqual([
          UNAVAILABLE,
          { code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES },
          { code: 'Access-Accept', attributes: PERMIT_ATTRIBUTES },
        ]);
      } finally {
        held.resolve({ body: 'deny' });
      }
    },
  );

  test('an account’s last permit serves neither another account, nor another station, nor MAB', async () => {
    const mac = '02:00:00:00:02:01';
    stub.answerWith(PERMIT);
    expect(await tunnel(servers.last, { mac })).toMatchObject({ success: true });
    stub.answerWith('', { status: 503 });
    expect(await tunnel(servers.last, { mac })).toMatchObject({ success: true });
    const { name: user, password } = COMPUTER;
    expect(await tunnel(servers.last, { mac, user, password })).toMatchObject({ success: false });
    expect(await tunnel(servers.last, { mac, user, password, outerIdentity: 'alice' })).toMatchObject({
      success: false,
    });
    expect(await tunnel(servers.last, { mac: '02:00:00:00:02:02' })).toMatchObject({ success: false });
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual(UNAVAILABLE);
  });

  test('MAB’s last permit serves no account, and a deny forgets an account’s in whichever case it is written', async () => {
    const mac = '02:00:00:00:03:01';
    stub.answerWith(PERMIT);
    await sendAccessRequest(servers.last, mabRequest(mac));
    stub.answerWith('', { status: 503 });
    expect(await tunnel(servers.last, { mac })).toMatchObject({ success: false });
    stub.answerWith(PERMIT);
    await tunnel(servers.last, { mac });
    stub.answerWith('deny');
    await tunnel(servers.last, { mac, method: 'PEAP/MSCHAPV2' });
    stub.answerWith('', { status: 503 });
    expect(await tunnel(servers.last, { mac })).toMatchObject({ success: false });
  });
});

describe('the kind of access device', () => {
  const common = Object.fromEntries(
    Object.entries(PERMIT_ATTRIBUTES).filter(([name]) => name !== 'Filter-Id' && name !== 'Class'),
  );
  const reference = { Class: octets('ref-1') };

  test.each([
    ['cisco', { 'Filter-Id': 'employee.in', ...reference }],
    ['cisco-template', { 'Cisco-AVPair': 'subscriber:service-name=employee', ...reference }],
    ['cisco-wlc', { 'Airespace-ACL-Name': 'employee', ...reference }],
    ['cisco-asa', { 'ASA-Group-Policy': 'employee' }],
    ['aruba', { 'Aruba-User-Role': 'employee', ...reference }],
    ['hp', { 'HP-User-Role': 'employee', ...reference }],
    ['meraki', { 'Filter-Id': 'employee', ...reference }],
    ['juniper', { 'Filter-Id': 'employee', ...reference }],
    ['mist', { 'Filter-Id': 'employee', 'Airespace-ACL-Name': 'employee', ...reference }],
    ['unheard-of', { 'Filter-Id': 'employee', ...reference }],
  ])('%s gets the role in its own way', async (kind, role) => {
    stub.answerWith(PERMIT);
    await site.withServer({ env: { NAC_NAS_TYPE: kind } }, async (own) => {
      const replies = await Promise.all([
        sendAccessRequest(own, mabRequest('02-AB-CD-EF-00-01')),
        sendAccessRequest(own, login()),
      ]);
      for (const reply of replies) {
        expect(reply).toEqual({ code: 'Access-Accept', attributes: { ...common, ...role } });
      }
      expect(await tunnel(own)).toMatchObject({ success: true });
    });
  });
});
