// Ids and names as vendors write them into certificates lead to the device; what only looks like them leads nowhere.

import { describe, expect, test } from 'vitest';
import { aDevice } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';

const INTUNE = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
}

async function standing(certificate: object): Promise<string> {
  const nac = await lookupInMemory();
  await nac.store(aDevice({ id: INTUNE, entraDeviceId: ENTRA }));
  const { decision } = await nac.ask({ method: 'eap-tls', certificate });
  return decision.standing;
}

/** Octets of an id as Active Directory and .NET keep them. */
function octetsOf(id: string): Buffer {
  const octets = Buffer.from(id.replaceAll('-', ''), 'hex');
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    octets.subarray(from, to).reverse();
  return octets;
}

describe.each([INTUNE, ENTRA])('the id %s', (id) => {
  const compact = id.replaceAll('-', '');
  const base64 = octetsOf(id).toString('base64');

  test.each<[string, object]>([
    ['in the common name', { commonName: compact }],
    ['in capitals', { commonName: compact.toUpperCase() }],
    ['in braces', { commonName: `{${compact}}` }],
    ['as a DNS name with a domain', { sanDns: [`${compact}.devices.contoso.com`] }],
    ['as a UPN', { sanUpn: [`${compact}@contoso.com`] }],
    ['behind a prefix', { sanUri: [`IntuneDeviceId://${compact}`] }],
    ['behind a prefix in one text', { subjectAltName: `URI:ID:Microsoft Endpoint Manager:GUID:${compact}` }],
    ['as the octets of an objectGUID', { commonName: octetsOf(id).toString('hex') }],
    ['as the octets of an objectGUID, marked', { commonName: `0x${octetsOf(id).toString('hex')}` }],
    ['in base64', { commonName: base64 }],
    ['in base64, as a URI', { sanUri: [base64] }],
    ['in base64 for URLs', { commonName: base64.replaceAll('+', '-').replaceAll('/', '_') }],
    ['in base64, in the order in which it is written', { commonName: Buffer.from(compact, 'hex').toString('base64') }],
  ])('is found without hyphens %s', async (_form, certificate) => {
    expect(await standing(certificate)).toBe('compliant');
  });

  test.each<[string, object]>([
    ['with a digit too few', { commonName: compact.slice(1) }],
    ['with a digit too many', { commonName: `${compact}0` }],
    ['behind a prefix with a digit too many', { sanUri: [`IntuneDeviceId://${compact}0`] }],
    ['with hyphens elsewhere', { commonName: `${compact.slice(0, 16)}-${compact.slice(16)}` }],
    ['in base64 without padding', { commonName: base64.replace('==', '') }],
    ['in base64 of other letter case', { commonName: swapCase(base64) }],
    ['in base64 with bits behind the last octet', { commonName: base64.replace(/.==$/, 'B==') }],
    ['in a DNS name that poses as a URI', { subjectAltName: `DNS:a, URI:${compact}`, sanDns: [`a, URI:${compact}`] }],
    [
      'with its prefix in a DNS name',
      { sanDns: [`IntuneDeviceId://${compact}`], subjectAltName: `DNS:IntuneDeviceId://${compact}` },
    ],
  ])('is not read without hyphens %s', async (_form, certificate) => {
    expect(await standing(certificate)).not.toBe('compliant');
  });

  test.each<[string, object]>([
    ['by itself', { commonName: id }],
    ['in capitals', { commonName: id.toUpperCase() }],
    ['in braces', { commonName: `{${id}}` }],
    ['as a URN', { sanUri: [`urn:uuid:${id}`] }],
    ['as a URN in braces', { commonName: `URN:UUID:{${id}}` }],
    ['behind a prefix in braces', { sanUri: [`IntuneDeviceId://{${id}}`] }],
    ['behind a prefix with a slash behind it', { sanUri: [`intunedeviceid://${id}/`] }],
    ['bare as a URI in one text', { subjectAltName: `URI:${id}` }],
    ['as a URN in one text', { subjectAltName: `DNS:a, URI:urn:uuid:${id}`, sanDns: ['a'] }],
    ['in braces in one text', { subjectAltName: `URI:IntuneDeviceId://{${id}}, DNS:a`, sanDns: ['a'] }],
    ['as a DNS name with a domain', { sanDns: [`${id}.devices.contoso.com`] }],
    ['as a UPN', { sanUpn: [`${id}@contoso.com`] }],
    ['as an e-mail address', { sanEmail: [`${id}@contoso.com`] }],
    [
      'as an e-mail address in one text',
      { subjectAltName: `email:${id}@contoso.com`, sanEmail: [`${id}@contoso.com`] },
    ],
    ['in the second common name', { commonName: ['A0-B1-C2-D3-E4-FF', id] }],
  ])('is found %s', async (_form, certificate) => {
    expect(await standing(certificate)).toBe('compliant');
  });

  test.each<[string, object]>([
    ['with one brace', { commonName: `{${id}` }],
    ['with a digit too many', { sanUri: [`IntuneDeviceId://${id}0`] }],
    ['in a DNS name that poses as a URI', { subjectAltName: `DNS:a, URI:${id}`, sanDns: [`a, URI:${id}`] }],
    ['in a URI behind a DNS name that is not listed', { subjectAltName: `URI:a, DNS:b, URI:${id}` }],
    ['in a directory name', { subjectAltName: `DirName:/CN=a, URI:${id}` }],
    ['behind a NUL', { sanUri: [`urn:uuid:${id}\0`] }],
    ['in letters that only look alike', { commonName: id.replace('e', 'е').replace('a', 'а') }],
    ['with an invisible character', { commonName: `${id}\u200b` }],
  ])('is not read %s', async (_form, certificate) => {
    expect(await standing(certificate)).not.toBe('compliant');
  });
});

test.each<[string, object]>([
  ['a Cyrillic letter', { commonName: 'LТ-0042' }],
  ['wide letters', { commonName: 'ＬＴ-0042' }],
  ['a mark that turns the direction', { commonName: '\u202eLT-0042' }],
  ['an invisible blank', { commonName: 'LT-0042\u200b' }],
  ['UTF-16 taken for single octets', { commonName: Buffer.from('LT-0042', 'utf16le').toString('latin1') }],
  ['more characters than a name has', { commonName: `LT-0042${'x'.repeat(300)}` }],
  ['nothing but blanks', { commonName: '   ' }],
  ['an empty name', { commonName: '' }],
])('a name with %s is not the name of the device', async (_form, certificate) => {
  expect(await standing(certificate)).not.toBe('compliant');
});

describe('digits that could be an id and a serial number', () => {
  const digits = '8C4F1D2E3B5A49768C4F1D2E3B5A4976';

  test('are the serial number where no device has the id', async () => {
    const nac = await lookupInMemory();
    await nac.store(aDevice({ serialNumber: digits }));
    expect((await nac.ask({ method: 'eap-tls', certificate: { commonName: digits } })).decision.device).toMatchObject({
      identity: { kind: 'serialNumber', assurance: 'certificate-name' },
    });
  });

  test('are no surer than any other id that a template lets people choose', async () => {
    const nac = await lookupInMemory();
    await nac.store(aDevice({ id: INTUNE }));
    const certificate = { commonName: INTUNE.replaceAll('-', '') };
    expect((await nac.ask({ method: 'eap-tls', certificate })).decision.device).toMatchObject({
      identity: { kind: 'deviceId', assurance: 'certificate-bare-guid' },
    });
  });

  test('say nothing beside an id with its hyphens', async () => {
    const nac = await lookupInMemory();
    await nac.store(aDevice({ id: INTUNE }), aDevice({ id: ENTRA, name: 'OTHER', serialNumber: 'other' }));
    const certificate = { sanDns: [INTUNE.replaceAll('-', '')], commonName: ENTRA };
    expect((await nac.ask({ method: 'eap-tls', certificate })).decision.device?.id).toBe(ENTRA);
  });
});
