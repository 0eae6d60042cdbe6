import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CertificateNames } from '../../../shared/domain/access-request.ts';
import { certificateIdentities } from '../../../shared/domain/certificate-identities.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const OTHER_ID = '11111111-2222-4333-8444-555555555555';

function kindsAndValues(certificate: CertificateNames): string[] {
  return certificateIdentities(certificate).identities.map(
    ({ kind, value, assurance, origin, source }) =>
      `${assurance} ${kind} ${value} ${origin}${source ? ` ${source}` : ''}`,
  );
}

describe('an id with its MDM’s prefix', () => {
  test.each([
    ['ID:Microsoft Endpoint Manager:GUID:', ID, ''],
    ['IntuneDeviceId://', ID, ''],
    ['ID:Intune:GUID:', ID, ''],
    ['ID:Intune:DeviceID:', ID, ''],
    ['ID:Mobileiron:GUID:', ID, ' ivanti'],
    ['ID:MerakiSM:DeviceID:', '627026210', ' meraki'],
  ])('%s is the device’s, in a SAN URI or in the common name', (prefix, id, source) => {
    expect(kindsAndValues({ sanUri: [`${prefix}${id}`] })).toEqual([
      `certificate-guid deviceId ${id} SAN URI${source}`,
    ]);
    expect(kindsAndValues({ subjectAltName: `URI:${prefix}${id}` })).toEqual([
      `certificate-guid deviceId ${id} SAN URI${source}`,
    ]);
    expect(kindsAndValues({ commonName: `${prefix}${id}`.toUpperCase() })).toEqual([
      `certificate-guid deviceId ${id} CN${source}`,
    ]);
  });

  test('counts in the SAN where the common name carries another, which is reported', () => {
    const certificate = { sanUri: [`IntuneDeviceId://${ID}`], commonName: `ID:Intune:GUID:${OTHER_ID}` };
    expect(certificateIdentities(certificate)).toMatchObject({
      identities: [{ value: ID, origin: 'SAN URI' }],
      problems: ['cn-contradicts-san'],
    });
    expect(certificateIdentities({ ...certificate, commonName: `ID:Intune:GUID:${ID}` }).problems).toEqual([]);
  });

  test('of Intune counts before one that an earlier MDM left', () => {
    const sanUri = [`ID:Mobileiron:GUID:${OTHER_ID}`, `IntuneDeviceId://${ID}`];
    expect(kindsAndValues({ sanUri })).toEqual([`certificate-guid deviceId ${ID} SAN URI`]);
  });
});

describe('a bare GUID', () => {
  test.each([
    ['the common name', { commonName: ID.toUpperCase() }, 'CN'],
    ['a SAN DNS name', { sanDns: ['lt-0042.contoso.com', ID] }, 'SAN DNS'],
    ['a SAN DNS name with a domain', { sanDns: [`${ID}.devices.contoso.com`] }, 'SAN DNS'],
    ['a SAN URI', { sanUri: [ID] }, 'SAN URI'],
  ])('in %s is an Intune device id, or else an Entra device id', (_where, certificate, origin) => {
    expect(kindsAndValues(certificate)).toEqual([
      `certificate-guid deviceId ${ID} ${origin}`,
      `certificate-guid entraDeviceId ${ID} ${origin}`,
    ]);
  });
});

describe('a name', () => {
  test.each([
    ['LT-0042', ['lt-0042']],
    ['lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['host/lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['CONTOSO\\LT-0042$', ['lt-0042']],
    ['Anna’s iPhone', ['anna’s iphone']],
  ])('%s in the common name is a computer’s', (commonName, names) => {
    const found = certificateIdentities({ commonName }).identities.filter(({ kind }) => kind === 'name');
    expect(found.map(({ value }) => value)).toEqual(names);
    for (const { assurance, origin } of found) expect([assurance, origin]).toEqual(['certificate-name', 'CN']);
  });

  test('may be the device’s hardware, by its form', () => {
    expect(kindsAndValues({ commonName: '356938035643809' })).toContain('certificate-name imei 356938035643809 CN');
    expect(kindsAndValues({ commonName: 'A0000009AAB3C2' })).toContain('certificate-name meid a0000009aab3c2 CN');
    expect(kindsAndValues({ commonName: 'PF3XYZ12' })).toContain('certificate-name serialNumber pf3xyz12 CN');
    expect(kindsAndValues({ commonName: '00008030-001A2D3E0E88802E' })).toContain(
      'certificate-name udid 00008030-001a2d3e0e88802e CN',
    );
  });

  test('in the SAN is a computer’s: DNS, and a UPN with a dollar sign, but no person’s UPN', () => {
    expect(
      kindsAndValues({ sanDns: ['lt-0042.contoso.com'], sanUpn: ['alice@contoso.com', 'LT-0042$@contoso.com'] }),
    ).toEqual(['certificate-name name lt-0042.contoso.com SAN DNS', 'certificate-name name lt-0042 SAN DNS']);
    expect(kindsAndValues({ sanUpn: ['LT-0043$@contoso.com'] })).toEqual(['certificate-name name lt-0043 SAN UPN']);
    expect(certificateIdentities({ sanUpn: ['alice@contoso.com'] }).identities).toEqual([]);
  });
});

describe('FreeRADIUS joins DNS names by commas, so they are told apart by the SAN text', () => {
  test('and a bare GUID among them is found', () => {
    const certificate = { subjectAltName: `DNS:lt-0042, DNS:${ID}`, sanDns: [`lt-0042,${ID}`] };
    expect(kindsAndValues(certificate)).toEqual([
      `certificate-guid deviceId ${ID} SAN DNS`,
      `certificate-guid entraDeviceId ${ID} SAN DNS`,
    ]);
  });

  test('and a name with a comma does not pose as two', () => {
    const certificate = { subjectAltName: `DNS:evil,${ID}`, sanDns: [`evil,${ID}`] };
    expect(kindsAndValues(certificate).join()).not.toContain(` ${ID} `);
  });

  test('and beside listed URIs, too', () => {
    const forged = `evil, DNS:${ID}`;
    const certificate = { sanUri: ['https://contoso.com/'], subjectAltName: `DNS:${forged}`, sanDns: [forged] };
    expect(certificateIdentities(certificate).identities).toEqual([]);
  });
});

describe('a certificate that nobody should rely on identifies nothing', () => {
  test.each([
    [
      'two devices in its SAN',
      { sanUri: [`IntuneDeviceId://${ID}`, `IntuneDeviceId://${OTHER_ID}`] },
      'san-contradicting',
    ],
    ['a name that poses as another', { subjectAltName: 'DNS:a b', sanDns: ['a b'] }, 'san-ambiguous'],
  ])('with %s, whatever its common name says', (_what, certificate, problem) => {
    expect(certificateIdentities({ ...certificate, commonName: 'LT-0042' })).toEqual({
      identities: [],
      problems: [problem],
    });
  });

  test('and one that was not sent', () => {
    expect(certificateIdentities(undefined)).toEqual({ identities: [], problems: ['certificate-missing'] });
  });

  test('a SAN that was cut leaves the common name, and the remark', () => {
    const subjectAltName = 'DNS:a.contoso.com, '.repeat(60).slice(0, 1023);
    const reading = certificateIdentities({ subjectAltName, sanDns: ['a.contoso.com'], commonName: 'LT-0042' });
    expect(reading.problems).toEqual(['san-truncated']);
    expect(reading.identities).toMatchObject([{ value: 'lt-0042', origin: 'CN' }, {}, {}, {}]);
  });
});

test('whatever a certificate holds, nothing fails, identities are few and free of control characters', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uuid(),
    fc.constantFrom('host/', 'a\\b$', '%{1}', '"\n'),
  );
  const list = fc.array(text, { maxLength: 20 });
  const certificate = fc.record(
    { subjectAltName: text, commonName: text, sanUri: list, sanDns: list, sanUpn: list, sanEmail: list },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(certificate, (names) => {
      const { identities } = certificateIdentities(names);
      expect(identities.length).toBeLessThanOrEqual(10);
      for (const { value } of identities) expect(value).not.toMatch(/[\p{Cc}/\\]/u);
    }),
    { numRuns: 1000 },
  );
});
