// Device ids in certificates: URI forms of Intune and names around them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CertificateNames } from '../../../../shared/domain/identity/access-request.ts';
import { readCertificateDeviceId } from '../../../../shared/domain/identity/certificate-device-id.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const OTHER_ID = '11111111-2222-4333-8444-555555555555';
const ISE_URI = `ID:Microsoft Endpoint Manager:GUID:${ID}`;
const INTUNE_URI = `IntuneDeviceId://${ID}`;
/** Strong mapping since KB5014754; the comma belongs to the URI. */
const SID_URI = 'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-1104';

/** The joined text, and beside it the DNS, e-mail and user principal names one by one, as FreeRADIUS sends them. */
function freeRadius(subjectAltName: string): CertificateNames {
  const names = (kind: string) =>
    [...subjectAltName.matchAll(new RegExp(`(?:^|, )${kind}:([^,]*)`, 'g'))].map(([, name = '']) => name);
  return { subjectAltName, sanDns: names('DNS'), sanEmail: names('email'), sanUpn: names('othername: UPN:') };
}

describe.each([
  ['Cisco ISE’s URI', ISE_URI],
  ['Microsoft’s URI', INTUNE_URI],
  ['an older form of Cisco’s', `ID:Intune:GUID:${ID}`],
  ['the form of VPN clients', `ID:Intune:DeviceID:${ID}`],
])('%s with the device id', (_form, uri) => {
  test.each([
    ['alone in the SAN text', { subjectAltName: `URI:${uri}` }],
    ['in upper case', { subjectAltName: `URI:${uri.toUpperCase()}` }],
    ['in front of the SID URI', { subjectAltName: `URI:${uri}, URI:${SID_URI}` }],
    ['behind the SID URI', { subjectAltName: `URI:${SID_URI}, URI:${uri}` }],
    ['in one value with the SID, which follows after a comma', { subjectAltName: `URI:${uri},${SID_URI}` }],
    ['between several names', freeRadius(`DNS:lt-0042.contoso.com, DNS:lt-0042, URI:${uri}, email:a@contoso.com`)],
    ['in front of a user name', freeRadius(`URI:${uri}, othername: UPN::alice@contoso.com`)],
    ['twice', { subjectAltName: `URI:${uri}, URI:${uri.toUpperCase()}` }],
    ['in a list of one URI', { sanUri: [uri] }],
    ['in a list of several URIs', { sanUri: [SID_URI, uri, 'https://contoso.com/'] }],
    ['in URIs that FreeRADIUS joined by commas, in front', { sanUri: [`${uri},${SID_URI}`] }],
    ['in URIs that FreeRADIUS joined by commas, behind', { sanUri: [`${SID_URI},${uri}`] }],
  ])('is found %s', (_where, certificate) => {
    expect(readCertificateDeviceId(certificate)).toEqual({ source: 'intune', deviceId: ID });
  });
});

test('names around the URI that need neither blank nor colon do not disturb', () => {
  const certificate = {
    subjectAltName: `DNS:lt-0042.contoso.com, URI:${ISE_URI}, email:alice@contoso.com`,
    sanDns: ['lt-0042.contoso.com'],
    sanEmail: ['alice@contoso.com'],
    sanUpn: ['alice@contoso.com'],
  };
  expect(readCertificateDeviceId(certificate)).toEqual({ source: 'intune', deviceId: ID });
});

describe('a device’s own name, which people choose, leaves no doubt about the URI beside it', () => {
  test.each([
    ['Jane’s iPhone'],
    ["Jane's iPhone"],
    ['jane_AndroidForWork_11/22/2024_3:44 PM'],
    ['LT: 42'],
    ['Smith, Jane, iPad'],
    ['C:\\LT'],
    ['URI of Jane'],
  ])('%s', (name) => {
    for (const [kind, list] of [
      ['DNS', 'sanDns'],
      ['email', 'sanEmail'],
      ['othername: UPN:', 'sanUpn'],
    ] as const) {
      for (const subjectAltName of [`URI:${INTUNE_URI}, ${kind}:${name}`, `${kind}:${name}, URI:${INTUNE_URI}`]) {
        const certificate = { subjectAltName, [list]: [name] };
        expect(readCertificateDeviceId(certificate)).toEqual({ source: 'intune', deviceId: ID });
      }
    }
  });
});

describe('a name that poses as the device’s URI is refused', () => {
  const forged = `evil.example.com, URI:ID:Microsoft Endpoint Manager:GUID:${OTHER_ID}`;
  test.each([
    ['a DNS name', { subjectAltName: `DNS:${forged}`, sanDns: [forged] }],
    ['a DNS name beside the real URI', { subjectAltName: `URI:${ISE_URI}, DNS:${forged}`, sanDns: [forged] }],
    ['an e-mail name', { subjectAltName: `email:${forged}`, sanEmail: ['alice@contoso.com', forged] }],
    ['a UPN', { subjectAltName: `othername: UPN::${forged}`, sanUpn: [forged] }],
    [
      'a URI that begins in the middle of a DNS name',
      { subjectAltName: `DNS:xURI:${ISE_URI}`, sanDns: [`xURI:${ISE_URI}`] },
    ],
    ['a URI after a comma without blank', { subjectAltName: `DNS:x,URI:${ISE_URI}`, sanDns: [`x,URI:${ISE_URI}`] }],
    ['a UPN that poses as a DNS name', { subjectAltName: `othername: UPN::x, DNS:LT`, sanUpn: ['x, DNS:LT'] }],
    ['a name that the server left out of its list', { subjectAltName: `DNS:${forged}, DNS:b`, sanEmail: ['a@b.c'] }],
    ['a directory name', freeRadius(`DNS:a.example, DirName:CN = x, URI:${ISE_URI}`)],
    ['an XMPP address', { subjectAltName: `othername: XmppAddr::x, URI:${ISE_URI}` }],
    ['a name behind a backslash', { subjectAltName: `DNS:${forged}\\, DNS:b`, sanDns: ['b'] }],
    ['a name with a control character', { subjectAltName: `URI:${ISE_URI}, DNS:a`, sanDns: ['a\u0007'] }],
    ['a name with a tabulator only', { subjectAltName: `URI:${ISE_URI}, DNS:a\tb`, sanDns: ['a\tb'] }],
  ])('%s', (_what, certificate) => {
    expect(readCertificateDeviceId(certificate)).toEqual({ problem: 'san-ambiguous' });
  });

  test('a name that ends at a NUL, of which the server sends a part and no text', () => {
    expect(readCertificateDeviceId({ subjectAltName: '', sanDns: ['a'] })).toEqual({ problem: 'name-cut' });
    expect(readCertificateDeviceId({ sanDns: ['a'] })).toEqual({ problem: 'san-without-device-id' });
  });

  test('unless the server tells the URI names apart: then a forged DNS name changes nothing', () => {
    const certificate = { sanUri: [ISE_URI], sanDns: [forged], subjectAltName: `DNS:${forged}, URI:${ISE_URI}` };
    expect(readCertificateDeviceId(certificate)).toEqual({ source: 'intune', deviceId: ID });
  });

  test('a name that only looks like the URI is not one, in the text or in the list', () => {
    expect(readCertificateDeviceId(freeRadius(`DNS:${INTUNE_URI}`))).toEqual({ problem: 'san-ambiguous' });
    expect(readCertificateDeviceId({ sanUri: [`https://evil.example/?${ISE_URI}`] })).toEqual({
      problem: 'san-without-device-id',
    });
  });
});

describe('a certificate that names no single device says why', () => {
  const filler = 'DNS:a.contoso.com, '.repeat(60);

  test('no certificate fields at all, as after a resumed TLS session', () => {
    expect(readCertificateDeviceId(undefined)).toEqual({ problem: 'certificate-missing' });
    expect(readCertificateDeviceId({})).toEqual({ problem: 'certificate-missing' });
  });

  test.each([
    ['only a common name, even if it is the id', { commonName: ID }],
    ['other names only', freeRadius('DNS:lt-0042, email:a@contoso.com')],
    ['the id as a bare URI', { subjectAltName: `URI:${ID}` }],
    ['an id with a digit too many', { subjectAltName: `URI:${ISE_URI}0` }],
    ['an id that is cut', { sanUri: [ISE_URI.slice(0, -1)] }],
    ['SAN URIs without the id, whatever the joined text says', { sanUri: [SID_URI], subjectAltName: `URI:${ISE_URI}` }],
  ])('%s', (_what, certificate) => {
    expect(readCertificateDeviceId(certificate)).toEqual({ problem: 'san-without-device-id' });
  });

  test.each([
    ['in the text', { subjectAltName: `URI:${ISE_URI}, URI:IntuneDeviceId://${OTHER_ID}` }],
    ['in the list', { sanUri: [INTUNE_URI, `IntuneDeviceId://${OTHER_ID}`] }],
  ])('two different device ids %s are both read: they may be of one device', (_where, certificate) => {
    expect(readCertificateDeviceId(certificate)).toEqual({
      source: 'intune',
      deviceId: ID,
      second: { source: 'intune', deviceId: OTHER_ID },
    });
  });

  test.each([
    [
      'three of Intune',
      [ISE_URI, `IntuneDeviceId://${OTHER_ID}`, 'ID:Intune:GUID:00000000-0000-4000-8000-000000000001'],
    ],
    ['two of another MDM', [`ID:Mobileiron:GUID:${ID}`, `ID:Mobileiron:GUID:${OTHER_ID}`]],
  ])('more device ids than a device has: %s', (_which, sanUri) => {
    expect(readCertificateDeviceId({ sanUri })).toEqual({ problem: 'san-contradicting' });
  });

  test('a SAN text that FreeRADIUS cut at 1023 characters before the id', () => {
    const subjectAltName = `${filler}URI:${ISE_URI}`.slice(0, 1023);
    expect(readCertificateDeviceId(freeRadius(subjectAltName))).toEqual({ problem: 'san-truncated' });
  });

  test('a SAN text that FreeRADIUS cut in the middle of the id', () => {
    const start = filler.slice(0, 1023 - 60);
    const subjectAltName = `${start.slice(0, start.lastIndexOf('DNS:'))}URI:${ISE_URI}`
      .padEnd(1023, 'x')
      .slice(0, 1023);
    expect(readCertificateDeviceId(freeRadius(subjectAltName))).toEqual({ problem: 'san-truncated' });
  });

  test('a SAN text with umlauts, which FreeRADIUS cut at 1023 bytes', () => {
    const subjectAltName = 'othername: UPN::jürgen.müller@contoso.com, '.repeat(30);
    const cut = new TextDecoder().decode(Buffer.from(subjectAltName).subarray(0, 1023));
    expect(readCertificateDeviceId(freeRadius(cut))).toEqual({ problem: 'san-truncated' });
  });

  test('an id in front of the cut still counts', () => {
    const subjectAltName = `URI:${ISE_URI}, ${filler}`.slice(0, 1023);
    expect(readCertificateDeviceId(freeRadius(subjectAltName))).toEqual({ source: 'intune', deviceId: ID });
  });
});

test('whatever a certificate says, nothing fails, and a device id is a GUID that stands literally in the text', () => {
  const piece = fc.oneof(
    fc.constantFrom('URI:', 'DNS:', ', ', ',', 'ID:Microsoft Endpoint Manager:GUID:', 'IntuneDeviceId://', SID_URI, ID),
    fc.uuid(),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const list = fc.array(text, { maxLength: 3 });
  const names = fc.record(
    { subjectAltName: text, sanUri: list, sanDns: list, sanEmail: list, sanUpn: list, commonName: text, subject: text },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(names, (certificate) => {
      const { deviceId } = readCertificateDeviceId(certificate);
      if (deviceId === undefined) return;
      expect(deviceId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      const uris = [certificate.subjectAltName, ...(certificate.sanUri ?? [])].join('\n').toLowerCase();
      expect(uris).toContain(deviceId);
    }),
    { numRuns: 10_000 },
  );
});
