// Ids and names as vendors write them into certificates lead to the device; what only looks like them leads nowhere.

import { describe, expect, test } from 'vitest';
import { aDevice } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';

const INTUNE = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

async function standing(certificate: object): Promise<string> {
  const nac = await lookupInMemory();
  await nac.store(aDevice({ id: INTUNE, entraDeviceId: ENTRA }));
  const { decision } = await nac.ask({ method: 'eap-tls', certificate });
  return decision.standing;
}

describe.each([INTUNE, ENTRA])('the id %s', (id) => {
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
    ['in the second common name', { commonName: 'A0-B1-C2-D3-E4-F5', furtherCommonNames: [id] }],
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
