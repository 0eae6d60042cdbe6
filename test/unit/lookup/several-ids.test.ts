// A certificate with several ids: of one device where its record has them all, of no other.

import { describe, expect, test } from 'vitest';
import { aDevice, aMac } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';

const INTUNE = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const OTHER = '3b241101-e2bb-4255-8caf-4136c566a962';
const THIRD = '9b2d4c11-0000-4255-8caf-4136c566a962';
const MAC = 'A0-B1-C2-D3-E4-F5';

const device = aDevice({ id: INTUNE, entraDeviceId: ENTRA });
const other = aDevice({
  id: OTHER,
  entraDeviceId: THIRD,
  name: 'LT-0043',
  serialNumber: 'PF3XYZ13',
  wifiMac: aMac('a0b1c2d3e4f6'),
});

async function answerTo(certificate: object, devices = [device, other]) {
  const nac = await lookupInMemory();
  await nac.store(...devices);
  const { role, problems } = await nac.answerTo({ method: 'eap-tls', callingStationId: MAC, certificate });
  return { role, problems: problems.filter((problem) => !problem.startsWith('certificate-issuer')) };
}

const COMPLIANT = { role: 'compliant', problems: [] };
const uri = (id: string): string => `IntuneDeviceId://${id}`;

describe('Intune id and Entra id of one device', () => {
  test.each<[string, object]>([
    ['as two URIs', { sanUri: [uri(INTUNE), uri(ENTRA)] }],
    ['the other way round', { sanUri: [uri(ENTRA), uri(INTUNE)] }],
    ['in two forms, one of them twice', { sanUri: [uri(ENTRA), `ID:Intune:GUID:${INTUNE.toUpperCase()}`, uri(ENTRA)] }],
    ['in one URI, by comma', { sanUri: [`${uri(INTUNE)},${uri(ENTRA)}`] }],
    ['in one text', { subjectAltName: `URI:${uri(ENTRA)}, URI:${uri(INTUNE)}` }],
    ['in SAN and common name', { sanUri: [uri(ENTRA)], commonName: `ID:Intune:GUID:${INTUNE}` }],
    ['in common name and SAN', { sanUri: [uri(INTUNE)], commonName: uri(ENTRA) }],
    ['with both in the SAN and one in the name', { sanUri: [uri(ENTRA), uri(INTUNE)], commonName: uri(ENTRA) }],
    ['bare', { sanUri: [ENTRA, INTUNE], commonName: INTUNE }],
  ])('%s are no contradiction', async (_where, certificate) => {
    expect(await answerTo(certificate)).toEqual(COMPLIANT);
  });
});

describe('ids of two devices', () => {
  test.each<[string, object]>([
    ['both known', { sanUri: [uri(INTUNE), uri(OTHER)] }],
    ['in the other order', { sanUri: [uri(OTHER), uri(INTUNE)] }],
    ['one known by its Entra id', { sanUri: [uri(INTUNE), uri(THIRD)] }],
    ['two Entra ids', { sanUri: [uri(ENTRA), uri(THIRD)] }],
    ['one unknown', { sanUri: [uri(INTUNE), uri('11111111-0000-4255-8caf-4136c566a962')] }],
    ['three', { sanUri: [uri(INTUNE), uri(ENTRA), uri(OTHER)] }],
    ['in one text', { subjectAltName: `URI:${uri(INTUNE)}, URI:${uri(OTHER)}` }],
  ])('in the SAN identify nothing: %s', async (_which, certificate) => {
    expect(await answerTo(certificate)).toEqual({ role: 'quarantine', problems: ['san-contradicting'] });
  });

  test('of which only one has a record without the other id identify nothing either', async () => {
    expect(await answerTo({ sanUri: [uri(INTUNE), uri(ENTRA)] }, [aDevice({ id: INTUNE })])).toEqual({
      role: 'quarantine',
      problems: ['san-contradicting'],
    });
  });

  test('in SAN and common name are a contradiction: the SAN counts, with the role of weak evidence', async () => {
    expect(await answerTo({ sanUri: [uri(INTUNE)], commonName: uri(OTHER) })).toEqual({
      role: 'weak-identity',
      problems: ['cn-contradicts-san'],
    });
  });

  test('of which the common name alone is known let no station in', async () => {
    const unknown = '11111111-0000-4255-8caf-4136c566a962';
    expect(await answerTo({ sanUri: [uri(unknown)], commonName: uri(INTUNE) })).toEqual({
      role: 'quarantine',
      problems: ['cn-contradicts-san'],
    });
  });
});

describe('ids without prefix', () => {
  const WEAK = { role: 'weak-identity', problems: ['cn-contradicts-san'] };

  test.each<[string, object]>([
    ['in the common name beside a prefixed URI', { sanUri: [uri(INTUNE)], commonName: OTHER }],
    ['as an Entra id', { sanUri: [uri(INTUNE)], commonName: THIRD }],
    ['in a DNS name beside a prefixed URI', { sanUri: [uri(INTUNE)], sanDns: [`${OTHER}.devices.contoso.com`] }],
    ['in a UPN beside a prefixed URI', { sanUri: [uri(INTUNE)], sanUpn: [`${OTHER}@contoso.com`] }],
    ['in one text', { subjectAltName: `URI:${uri(INTUNE)}, DNS:${OTHER}`, sanDns: [OTHER] }],
    ['in two URIs', { sanUri: [INTUNE, OTHER] }],
    ['in two DNS names', { sanDns: [INTUNE, OTHER] }],
    ['in DNS name and common name', { sanDns: [INTUNE], commonName: OTHER }],
    ['in two common names', { commonName: [INTUNE, OTHER] }],
  ])('of two devices are a contradiction %s', async (_where, certificate) => {
    expect(await answerTo(certificate)).toEqual(WEAK);
  });

  test.each<[string, object]>([
    ['the Entra id of the device', { sanUri: [uri(INTUNE)], commonName: ENTRA, sanDns: [ENTRA] }],
    ['an id that is no device', { sanUri: [uri(INTUNE)], commonName: '11111111-0000-4255-8caf-4136c566a962' }],
    [
      'the id of a user in the UPN',
      { sanUri: [uri(INTUNE)], sanUpn: ['22222222-0000-4255-8caf-4136c566a962@contoso.com'] },
    ],
    ['the name that another device has now', { sanUri: [uri(INTUNE)], commonName: 'LT-0043' }],
  ])('beside a prefixed one do no harm: %s', async (_what, certificate) => {
    expect(await answerTo(certificate)).toEqual(COMPLIANT);
  });

  test('of the record of before, of a machine that has enrolled again, are none', async () => {
    const before = aDevice({ id: OTHER, entraDeviceId: ENTRA, serialNumber: 'other' });
    expect(await answerTo({ sanUri: [uri(INTUNE)], commonName: OTHER }, [device, before])).toEqual(COMPLIANT);
  });

  test('lead nowhere where a prefixed one that is not known stands beside them', async () => {
    const unknown = uri('11111111-0000-4255-8caf-4136c566a962');
    for (const certificate of [
      { sanUri: [unknown], commonName: INTUNE },
      { sanUri: [unknown], sanDns: [INTUNE] },
    ]) {
      expect(await answerTo(certificate)).toEqual({ role: 'quarantine', problems: [] });
    }
  });

  test('of a device that is blocked keep out whom they name', async () => {
    const nac = await lookupInMemory();
    await nac.store(device, other);
    const block = { device: OTHER, block: true, until: '1h', reason: 'stolen' };
    await nac.app.makeOverride(nac.administrator, JSON.stringify(block));
    const question = { method: 'eap-tls', certificate: { sanUri: [uri(INTUNE)], commonName: OTHER } };
    expect((await nac.answerTo(question)).role).toBe('deny');
  });
});

describe('the same number in two servers', () => {
  const one = aDevice({ source: 'meraki-a', id: '500001', name: 'LT-A', serialNumber: 'A1' });
  const twin = aDevice({
    source: 'meraki-b',
    id: '500001',
    name: 'LT-B',
    serialNumber: 'B1',
    wifiMac: aMac('a0b1c2d3e4f6'),
  });

  test('is two devices: one with the other’s address contradicts itself', async () => {
    const nac = await lookupInMemory();
    await nac.store(one, twin);
    const problemsAt = async (callingStationId: string) => {
      const question = { method: 'eap-tls', callingStationId, certificate: { commonName: 'LT-A' } };
      const { decision } = await nac.ask(question);
      return { source: decision.device?.source, problems: decision.problems.filter((one) => one.startsWith('mac-of')) };
    };
    expect(await problemsAt('A0-B1-C2-D3-E4-F5')).toEqual({ source: 'meraki-a', problems: [] });
    expect(await problemsAt('A0-B1-C2-D3-E4-F6')).toEqual({ source: 'meraki-a', problems: ['mac-of-another-device'] });
  });
});
