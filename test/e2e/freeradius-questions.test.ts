// What the shipped FreeRADIUS configuration asks when a station, a certificate or an access device writes what is not
// expected: the question goes out all the same, and says what is missing. Run by the real server against a lookup
// function which the test controls.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificateIdentities } from '../../shared/domain/identity/certificate-identities.ts';
import { readAccessRequest } from '../../shared/lookup/read-access-request.ts';
import { authenticateWithCertificate } from '../support/freeradius/eapol-test.ts';
import { PERMIT } from '../support/freeradius/expected-replies.ts';
import type { LookupStub } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, type RequestAttributes, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FreeRadius } from '../support/freeradius/start-freeradius.ts';

const MAC = '02-AB-CD-EF-00-01';
const ALICE = { name: 'alice', password: 'alices-password' };
const COMPUTER = { name: 'host/NAC-00001', password: 'computers-password' };
const GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const NUL = '\u0000';
/** Of Debian's package freeradius-common. */
const DICTIONARIES = '/usr/share/freeradius';
const SSID_OF_DICTIONARY = /^ATTRIBUTE\s+([\w-]*-(?:E?SSID|Essid-Name))\s+\d+\s+string/gm;
/** In requests; Symbol-Allowed-ESSID is for replies. */
const SSID_ATTRIBUTES = [
  'Aruba-Essid-Name',
  'Ruckus-SSID',
  'Fortinet-SSID',
  'Siemens-SSID',
  'Symbol-Current-ESSID',
  'Trapeze-SSID',
  '3Com-SSID',
  'Adtran-SSID',
  'TP-CAPWAP-SSID',
];

let site: SampleSite;
let stub: LookupStub;
let server: FreeRadius;

beforeAll(async () => {
  site = await startSampleSite([ALICE, COMPUTER]);
  stub = site.stub;
  // The mode in which a question that is not sent would help: a station that is not asked about gets on.
  server = site.servers.open;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

function login(more: RequestAttributes = {}): RequestAttributes {
  return { 'User-Name': ALICE.name, 'User-Password': ALICE.password, 'Calling-Station-Id': '198.51.100.7', ...more };
}

function cut(): string[] {
  return String(stub.question()['cut']).split(',');
}

const HOSTILE: readonly (readonly [name: string, text: string])[] = [
  ['a NUL', `a${NUL}b`],
  ['a NUL at the end', `GigabitEthernet1/0/7${NUL}`],
  ['nothing but NULs', NUL.repeat(253)],
  ['control characters', '\u0001'.repeat(253)],
  ['quotes', '"'.repeat(253)],
  ['backslashes', '\\'.repeat(253)],
  ['slashes', '/'.repeat(253)],
  ['newlines', '\n'.repeat(253)],
  ['letters beyond ASCII', 'ü'.repeat(126)],
  ['escapes in octal', '\\001'.repeat(63)],
  ['escapes of quotes', '\\"'.repeat(126)],
  ['percent and braces', '%{User-Name}'.repeat(21)],
  ['plain letters', 'x'.repeat(253)],
  ['a mixture', 'ab/"\\\u0001ü%{'.repeat(20)],
];

const FIELDS = [
  ['Called-Station-Id', 'calledStationId'],
  ['NAS-Identifier', 'nasIdentifier'],
  ['NAS-Port-Id', 'nasPortId'],
  ['Acct-Session-Id', 'acctSessionId'],
  ['Acct-Multi-Session-Id', 'acctMultiSessionId'],
] as const;

describe('MAC authentication bypass', () => {
  test.each(HOSTILE)('%s in one field is sent as it is, or named as cut', async (_, text) => {
    for (const [attribute, field] of FIELDS) {
      stub.reset();
      await sendAccessRequest(server, mabRequest(MAC, { [attribute]: text }));
      expect(stub.lookups, attribute).toHaveLength(1);
      const sent = stub.question()[field];
      if (text.includes(NUL)) expect([sent, cut()], attribute).toEqual(['', [field]]);
      else expect([sent, cut()], attribute).toEqual([text, ['']]);
    }
  });

  test.each(HOSTILE)('%s in all fields at once is asked about, and each field is whole or named', async (_, text) => {
    const pairs = Array.from({ length: 5 }, () => text.slice(0, 240));
    const more = Object.fromEntries(FIELDS.map(([attribute]) => [attribute, text]));
    const address = {
      'NAS-IP-Address': '255.255.255.255',
      'NAS-IPv6-Address': '2001:db8:1111:2222:3333:4444:5555:6666',
    };
    await sendAccessRequest(server, mabRequest(MAC, { ...address, ...more, 'Cisco-AVPair': pairs }));
    expect(stub.lookups).toHaveLength(1);
    for (const [, field] of FIELDS) {
      expect([text, ''], field).toContain(stub.question()[field]);
      expect(cut().includes(field), field).toBe(stub.question()[field] === '');
    }
    const sent = (stub.question()['ciscoAvPairs'] as string[]).filter((pair) => pair !== '');
    expect(sent.filter((pair) => pair !== text.slice(0, 240))).toEqual([]);
    expect(cut().includes('ciscoAvPairs')).toBe(sent.length < pairs.length);
  });

  test('no number of Cisco-AVPairs keeps it from being asked', async () => {
    for (const count of [25, 190, 330]) {
      stub.reset();
      const pairs = Array.from({ length: count }, (_, n) => `x${n}`);
      const audit = `audit-session-id=${'0a'.repeat(12)}`;
      await sendAccessRequest(server, mabRequest(MAC, { 'Cisco-AVPair': [...pairs, audit] }));
      expect(stub.lookups, String(count)).toHaveLength(1);
      expect(stub.question()['ciscoAvPairs'], String(count)).toContain(audit);
      expect(cut(), String(count)).toEqual(['ciscoAvPairs']);
    }
  });
});

describe('the SSID', () => {
  test.each(SSID_ATTRIBUTES)('is read from %s', async (attribute) => {
    await sendAccessRequest(server, mabRequest(MAC, { [attribute]: 'Corp' }));
    expect(readAccessRequest(String(stub.lookups[0]?.body)).ssids).toEqual(['Corp']);
  });

  test('is read from every attribute of the dictionary that names one', () => {
    const found = readdirSync(DICTIONARIES)
      .filter((name) => name.startsWith('dictionary.') && !/internal|dhcp|rfc/.test(name))
      .flatMap((name) => [...readFileSync(path.join(DICTIONARIES, name), 'latin1').matchAll(SSID_OF_DICTIONARY)])
      .map(([, attribute]) => attribute);
    expect(found.toSorted()).toEqual([...SSID_ATTRIBUTES, 'Symbol-Allowed-ESSID'].toSorted());
  });

  test.each([
    [
      'two values of one attribute, of which neither is left out',
      { 'Siemens-SSID': ['Corp', 'Guest'] },
      ['Corp', 'Guest'],
      [''],
    ],
    ['more values than there are places', { 'Siemens-SSID': ['a', 'b', 'c', 'd'] }, undefined, ['ssid']],
    ['a value with a NUL', { 'Trapeze-SSID': Buffer.from('Co\0rp') }, undefined, ['ssid']],
  ])('with %s', async (_, attributes, ssids, fieldsCut) => {
    await sendAccessRequest(server, mabRequest(MAC, attributes));
    expect(readAccessRequest(String(stub.lookups[0]?.body)).ssids).toEqual(ssids);
    expect(cut()).toEqual(fieldsCut);
  });

  test('is read from the pairs of Cisco', async () => {
    for (const name of ['ssid', 'cisco-wlan-ssid']) {
      stub.reset();
      await sendAccessRequest(server, mabRequest(MAC, { 'Cisco-AVPair': `${name}=Corp` }));
      expect(readAccessRequest(String(stub.lookups[0]?.body)).ssids, name).toEqual(['Corp']);
    }
  });
});

describe('a login', () => {
  test.each([
    [
      'a NUL among long ones',
      [`a${NUL}b`, ...Array.from({ length: 3 }, () => `mdm-tlv=device-type=${'ü'.repeat(110)}`)],
    ],
    ['a NUL among quotes', [`a${NUL}b`, ...Array.from({ length: 8 }, () => '"'.repeat(220))]],
    ['NULs in all of them', Array.from({ length: 12 }, (_, n) => `${n}${NUL}${'\u0001'.repeat(190)}`)],
  ])('with Cisco-AVPairs of a client that wants no question is asked about: %s', async (_, pairs) => {
    const mac = 'mdm-tlv=device-mac=00-0c-29-74-9d-e8';
    const reply = await sendAccessRequest(server, login({ 'Cisco-AVPair': [...pairs, mac] }));
    expect(reply).toMatchObject({ code: 'Access-Reject' });
    expect(stub.lookups).toHaveLength(1);
    expect(cut()).toEqual(['ciscoAvPairs']);
    expect(stub.question()['ciscoAvPairs']).toContain(mac);
  });

  test('what stands before a NUL in a Cisco-AVPair is not sent as the pair', async () => {
    const pairs = [`mdm-tlv=device-uid=${'3a'.repeat(32)}${NUL}x`, 'coa-push=true'];
    await sendAccessRequest(server, login({ 'Cisco-AVPair': pairs }));
    expect((stub.question()['ciscoAvPairs'] as string[]).filter((pair) => pair !== '')).toEqual(['coa-push=true']);
  });

  test('under a name with a NUL is one without a name for the connector', async () => {
    await sendAccessRequest(
      server,
      login({ 'User-Name': `${COMPUTER.name}${NUL}x`, 'User-Password': COMPUTER.password }),
    );
    expect(stub.lookups).toHaveLength(1);
    for (const { body } of stub.lookups) {
      expect(JSON.parse(body)).toMatchObject({ userName: '', cut: 'userName' });
      expect(readAccessRequest(body)).not.toHaveProperty('userName');
      expect(readAccessRequest(body)).toMatchObject({ method: 'site', cut: ['userName'] });
    }
  });
});

describe('EAP-TLS', () => {
  test('an identity of control characters is left out, and the certificate counts', async () => {
    stub.answerWith(PERMIT);
    const reply = await authenticateWithCertificate(server, { guid: GUID, identity: `a${'\u0001'.repeat(250)}` });
    expect(reply).toMatchObject({ success: true });
    expect(cut()).toEqual(['userName']);
    expect(stub.question()).toMatchObject({ userName: '' });
    const { certificate } = readAccessRequest(String(stub.lookups[0]?.body));
    expect(certificateIdentities(certificate).identities[0]).toMatchObject({ value: GUID });
  });

  test.each([
    ['plain', 'x'],
    ['quotes', '"'],
    ['letters beyond ASCII', 'ü'],
    ['control characters', '\u0001'],
  ])('names, identity and fields of the access device full at once are asked about: %s', async (_, sign) => {
    for (const [names, size] of [
      [1, 60],
      [2, 110],
      [4, 220],
      [12, 40],
    ] as const) {
      stub.reset();
      const texts = Array.from({ length: names }, (_, n) => `${n}${sign.repeat(size)}`);
      const field = sign.repeat(Math.floor(240 / Buffer.byteLength(sign)));
      await authenticateWithCertificate(server, {
        commonName: sign.repeat(60),
        identity: field,
        sanUris: [`IntuneDeviceId://${GUID}`],
        sanDns: texts,
        sanUpns: texts,
        nasAttributes: { 30: field, 32: field, 44: field, 50: field, 87: field },
      });
      expect(stub.lookups, `${names} names of ${size}`).toHaveLength(1);
      const { certificate } = stub.question() as { certificate: { sanDns: string } };
      expect(cut().includes('certificate'), `${names} names of ${size}`).toBe(certificate.sanDns === '');
      if (certificate.sanDns !== '') expect(certificate.sanDns).toBe(texts.join(','));
    }
  });

  test('a NUL in the common name makes it a certificate without names', async () => {
    await authenticateWithCertificate(server, { commonName: `${GUID}${NUL}.evil.example` });
    expect(cut()).toEqual(['certificate']);
    const { certificate } = readAccessRequest(String(stub.lookups[0]?.body));
    expect(certificateIdentities(certificate)).toEqual({ identities: [], problems: ['san-truncated'] });
  });

  test('a NUL in a DNS name makes it a certificate without names', async () => {
    await authenticateWithCertificate(server, {
      commonName: 'device',
      sanDns: [`a${NUL}, URI:IntuneDeviceId://${GUID}`],
    });
    expect(cut()).toEqual(['certificate']);
    const { certificate } = readAccessRequest(String(stub.lookups[0]?.body));
    expect(certificateIdentities(certificate)).toEqual({ identities: [], problems: ['san-truncated'] });
  });
});

test('no two attributes of the dictionary have one number', () => {
  const file = path.join(import.meta.dirname, '../../infra/freeradius/dictionary.nac');
  const numbers = [...readFileSync(file, 'utf8').matchAll(/^ATTRIBUTE\s+\S+\s+(\d+)\s/gm)].map(([, number]) => number);
  expect(numbers.length).toBeGreaterThan(40);
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
});
