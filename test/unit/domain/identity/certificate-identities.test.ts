// Which identities a certificate presents, with ids of several MDMs and several names.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CertificateNames } from '../../../../shared/domain/identity/access-request.ts';
import { certificateIdentities } from '../../../../shared/domain/identity/certificate-identities.ts';

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
    // Foxpass documents IntuneDeviceId://{{AAD_Device_ID}}: behind Intune's prefixes stands either id.
    const kinds = source === '' ? ['deviceId', 'entraDeviceId'] : ['deviceId'];
    const found = (origin: string) => kinds.map((kind) => `certificate-guid ${kind} ${id} ${origin}${source}`);
    expect(kindsAndValues({ sanUri: [`${prefix}${id}`] })).toEqual(found('SAN URI'));
    expect(kindsAndValues({ subjectAltName: `URI:${prefix}${id}` })).toEqual(found('SAN URI'));
    expect(kindsAndValues({ commonName: `${prefix}${id}`.toUpperCase() })).toEqual(found('CN'));
  });

  test('is required of a record where the common name carries another', () => {
    const certificate = { sanUri: [`IntuneDeviceId://${ID}`], commonName: `ID:Intune:GUID:${OTHER_ID}` };
    expect(certificateIdentities(certificate).identities).toMatchObject([
      { kind: 'deviceId', value: ID, origin: 'SAN URI', required: true },
      { kind: 'entraDeviceId', value: ID, origin: 'SAN URI', required: true },
      { kind: 'deviceId', value: OTHER_ID, origin: 'CN' },
      { kind: 'entraDeviceId', value: OTHER_ID, origin: 'CN' },
    ]);
    expect(kindsAndValues({ ...certificate, commonName: `ID:Intune:GUID:${ID}` })).toEqual([
      `certificate-guid deviceId ${ID} SAN URI`,
      `certificate-guid entraDeviceId ${ID} SAN URI`,
    ]);
  });

  test('of Intune counts before one that an earlier MDM left', () => {
    const sanUri = [`ID:Mobileiron:GUID:${OTHER_ID}`, `IntuneDeviceId://${ID}`];
    expect(kindsAndValues({ sanUri })).toEqual([
      `certificate-guid deviceId ${ID} SAN URI`,
      `certificate-guid entraDeviceId ${ID} SAN URI`,
    ]);
  });
});

describe('a bare GUID', () => {
  test.each([
    ['the common name', { commonName: ID.toUpperCase() }, 'certificate-bare-guid', 'CN'],
    ['a common name with a domain', { commonName: `${ID}.contoso.com` }, 'certificate-bare-guid', 'CN'],
    ['a SAN DNS name', { sanDns: ['lt-0042.contoso.com', ID] }, 'certificate-bare-guid', 'SAN DNS'],
    ['a SAN DNS name with a domain', { sanDns: [`${ID}.devices.contoso.com`] }, 'certificate-bare-guid', 'SAN DNS'],
    ['a SAN UPN', { sanUpn: [`${ID}@contoso.com`] }, 'certificate-bare-guid', 'SAN UPN'],
    ['a SAN URI', { sanUri: [ID] }, 'certificate-guid', 'SAN URI'],
  ])('in %s is an Intune device id, or else an Entra device id', (_where, certificate, assurance, origin) => {
    expect(kindsAndValues(certificate)).toEqual([
      `${assurance} deviceId ${ID} ${origin}`,
      `${assurance} entraDeviceId ${ID} ${origin}`,
    ]);
  });
});

describe('of several common names', () => {
  const found = [`certificate-bare-guid deviceId ${ID} CN`, `certificate-bare-guid entraDeviceId ${ID} CN`];

  test('any may hold the id, whether the server lists them or shows them in the subject', () => {
    const commonName = '8c1645bd1c19';
    expect(kindsAndValues({ commonName, furtherCommonNames: [ID] })).toEqual(found);
    expect(kindsAndValues({ commonName, subject: `/DC=example/CN=${commonName}/CN=${ID}` })).toEqual(found);
    expect(kindsAndValues({ commonName, subject: `/CN=${commonName}/CN=LT-1/CN=${ID}/O=Contoso` })).toEqual(found);
  });

  test.each([
    ['an organisation', `/CN=real/O=x/CN=${ID}`],
    ['a unit in front of the name', `/OU=x/CN=real/CN=${ID}/CN=real`],
    ['a unit in front of the name that names another', `/OU=x/CN=${ID}/CN=real`],
  ])('none is taken from %s that poses as one', (_what, subject) => {
    expect(kindsAndValues({ commonName: 'real', subject }).join()).not.toContain(ID);
  });
});

describe('a common name of which the server shows a part', () => {
  test.each([
    ['at a NUL', { commonName: ID, subject: `/O=Contoso/CN=${ID}\\x00.evil.example` }],
    ['at a NUL of another name', { commonName: 'LT-0042', subject: '/O=Con\\x00toso/CN=LT-0042' }],
    ['at a length', { commonName: 'LT-0042', subject: '/O=Contoso/CN=LT-00421' }],
    ['with a NUL in it', { commonName: `${ID}\0` }],
  ])('%s is no name, and the answer says so', (_where, certificate) => {
    expect(certificateIdentities(certificate)).toMatchObject({ identities: [] });
    expect(certificateIdentities(certificate).problems).toContain('name-cut');
  });

  test.each([
    ['last', '/O=Contoso/CN=LT-0042'],
    ['before another attribute', '/CN=LT-0042/emailAddress=a@b.c'],
    ['in the notation of RFC 4514', 'CN=LT-0042,O=Contoso'],
    ['in the notation of OpenSSL 3', 'O = Contoso, CN = LT-0042'],
    ['in an encoding that the subject shows otherwise', '/CN=\\x00L\\x00T'.replaceAll('x00', 'xFF')],
  ])('is not one that the subject shows whole: %s', (_where, subject) => {
    const { identities, problems } = certificateIdentities({ commonName: 'LT-0042', subject });
    expect(problems).toEqual([]);
    expect(identities).toContainEqual({ kind: 'name', value: 'lt-0042', assurance: 'certificate-name', origin: 'CN' });
  });

  test('is not one whose letters the subject escapes', () => {
    const certificate = { commonName: 'Jürgens iPad', subject: '/CN=J\\xC3\\xBCrgens iPad' };
    expect(certificateIdentities(certificate).problems).toEqual([]);
  });
});

describe('an id that a doubtful SAN shows and the common name confirms', () => {
  const doubtful = { subjectAltName: `URI:IntuneDeviceId://${ID}, DirName:/CN=x` };

  test('counts as sure as the common name, with the remark', () => {
    const { identities, problems } = certificateIdentities({ ...doubtful, commonName: ID });
    expect(problems).toEqual(['san-ambiguous']);
    expect(identities).toMatchObject([
      { kind: 'deviceId', value: ID, assurance: 'certificate-bare-guid', origin: 'CN' },
      { kind: 'entraDeviceId', value: ID, assurance: 'certificate-bare-guid', origin: 'CN' },
    ]);
  });

  test('counts for nothing when the common name is another', () => {
    expect(kindsAndValues({ ...doubtful, commonName: OTHER_ID })).toEqual([]);
    expect(kindsAndValues(doubtful)).toEqual([]);
  });
});

describe('a name', () => {
  test.each([
    ['LT-0042', ['lt-0042']],
    ['lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['host/lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['CONTOSO\\LT-0042$', ['lt-0042']],
    ['Anna’s iPhone', ['anna’s iphone', "anna's iphone"]],
    ["Anna's iPhone", ["anna's iphone", 'anna’s iphone']],
    ['jane_AndroidForWork_11/22/2024_3:44 PM', ['jane_androidforwork_11/22/2024_3:44 pm']],
  ])('%s in the common name is a computer’s', (commonName, names) => {
    const found = certificateIdentities({ commonName }).identities.filter(({ kind }) => kind === 'name');
    expect(found.map(({ value }) => value)).toEqual(names);
    for (const { assurance, origin } of found) expect([assurance, origin]).toEqual(['certificate-name', 'CN']);
  });

  test('may be the device’s hardware, by its form', () => {
    expect(kindsAndValues({ commonName: '356938035643809' })).toContain('certificate-name imei 356938035643809 CN');
    expect(kindsAndValues({ commonName: 'A0000009AAB3C2' })).toContain('certificate-name meid a0000009aab3c2 CN');
    expect(kindsAndValues({ commonName: 'PF3XYZ12' })).toContain('certificate-name serialNumber pf3xyz12 CN');
    expect(kindsAndValues({ commonName: '35-693803-564380-9' })).toContain('certificate-name imei 356938035643809 CN');
    expect(kindsAndValues({ commonName: 'VMware-56 4d 9f a1' })).toContain(
      'certificate-name serialNumber vmware-564d9fa1 CN',
    );
    for (const commonName of ['A0-B1-C2-D3-E4-F5', 'a0:b1:c2:d3:e4:f5', 'A0B1C2D3E4F5']) {
      expect(kindsAndValues({ commonName })).toContain('certificate-name mac a0b1c2d3e4f5 CN');
    }
    expect(kindsAndValues({ commonName: 'DA-B1-C2-D3-E4-F5' }).join()).not.toContain(' mac ');
    expect(kindsAndValues({ commonName: '00008030-001A2D3E0E88802E' })).toContain(
      'certificate-name udid 00008030-001a2d3e0e88802e CN',
    );
  });

  test('in the SAN is a computer’s: DNS, a UPN with a dollar sign, and last a UPN without', () => {
    expect(
      kindsAndValues({ sanDns: ['lt-0042.contoso.com'], sanUpn: ['LT-0044@contoso.com', 'LT-0043$@contoso.com'] }),
    ).toEqual([
      'certificate-name name lt-0042.contoso.com SAN DNS',
      'certificate-name name lt-0042 SAN DNS',
      'certificate-name name lt-0043 SAN UPN',
      'certificate-name name lt-0044 SAN UPN',
    ]);
  });

  test('counts with the declared domains alone, where any are declared', () => {
    const names = (certificate: CertificateNames) =>
      certificateIdentities(certificate, ['contoso.com', 'contoso'])
        .identities.filter(({ kind }) => kind === 'name')
        .map(({ value }) => value);
    expect(names({ commonName: 'LT-1.contoso.com' })).toEqual(['lt-1.contoso.com', 'lt-1']);
    expect(names({ commonName: 'LT-1.evil.example' })).toEqual(['lt-1.evil.example']);
    expect(names({ commonName: 'EVIL\\LT-1$' })).toEqual([]);
    expect(names({ commonName: 'CONTOSO\\LT-1$' })).toEqual(['lt-1']);
    expect(names({ sanUpn: ['LT-1@evil.example', 'LT-2$@evil.example'] })).toEqual([]);
    expect(names({ sanUpn: ['LT-1@contoso.com'] })).toEqual(['lt-1']);
  });
});

describe('FreeRADIUS joins DNS names by commas, so the SAN text distinguishes them', () => {
  test('and a bare GUID among them is found', () => {
    const certificate = { subjectAltName: `DNS:lt-0042, DNS:${ID}`, sanDns: [`lt-0042,${ID}`] };
    expect(kindsAndValues(certificate)).toEqual([
      `certificate-bare-guid deviceId ${ID} SAN DNS`,
      `certificate-bare-guid entraDeviceId ${ID} SAN DNS`,
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

describe('an unreliable certificate identifies nothing', () => {
  test.each([
    [
      'three ids in its SAN',
      {
        sanUri: [
          `IntuneDeviceId://${ID}`,
          `IntuneDeviceId://${OTHER_ID}`,
          'ID:Intune:GUID:00000000-0000-4000-8000-000000000001',
        ],
      },
      'san-contradicting',
    ],
    ['a name that poses as another', { subjectAltName: 'DNS:a, URI:b', sanDns: ['a, URI:b'] }, 'san-ambiguous'],
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
      for (const { value } of identities) expect(value).not.toMatch(/[\p{Cc}\\]/u);
    }),
    { numRuns: 10_000 },
  );
});
