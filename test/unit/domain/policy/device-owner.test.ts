// Whose a device is: the same person in every way that servers write a name, and no person where the name is none.

import { expect, test } from 'vitest';
import type { Device } from '../../../../shared/domain/device/device.ts';
import { ownerWord } from '../../../../shared/domain/policy/device-owner.ts';
import { type FactsSource, questionFacts } from '../../../../shared/domain/policy/policy-facts.ts';
import { someFacts } from '../../../support/policy-facts.ts';

const DEVICE = {
  complianceState: 'compliant',
  name: 'LT-0042',
  userPrincipalName: 'Jan\u00e9.Doe@Contoso.com',
  operatingSystem: 'Windows',
} satisfies Partial<Device>;

function owner(source: FactsSource, device: Partial<Device> = DEVICE): unknown {
  return ownerWord(someFacts({ ...questionFacts(source), device: { complianceState: 'compliant', ...device } }));
}

test.each([
  ['jan\u00e9.doe@contoso.com', 'same'],
  ['JANE\u0301.DOE@CONTOSO.COM', 'same'],
  ['CONTOSO\\jan\u00e9.doe', 'same'],
  ['jan\u00e9.doe', 'same'],
  ['jan\u00e9.doe@CONTOSO', 'same'],
  [' jan\u00e9.doe ', 'same'],
  ['CONTOSO\\jan\u00e9.doe@contoso.com', 'same'],
  ['jan\u00e9.doe@evil.example', 'another'],
  ['CONTOSO\\jan\u00e9.doe@evil.example', 'another'],
  ['bob', 'another'],
  ['jan\u0435.doe', 'another'],
  ['host/lt-0042.contoso.com', null],
  ['CONTOSO\\LT-0042$', null],
  ['lt-0042@contoso.com', null],
  ['0f8fad5b-d9cb-469f-a165-70867728950e@contoso.com', null],
  ['anonymous@contoso.com', null],
  ['00-11-22-33-44-55', null],
])('user %j', (userName, word) => {
  expect(owner({ method: 'site', userName })).toBe(word);
});

test.each<[string, object, unknown]>([
  ['UPN of the person', { sanUpn: ['jan\u00e9.doe@contoso.com'] }, 'same'],
  ['UPN of another', { sanUpn: ['bob@contoso.com'] }, 'another'],
  ['name of the device as UPN', { sanUpn: ['LT-0042@contoso.com'] }, null],
  ['id of the device as UPN', { sanUpn: ['0f8fad5b-d9cb-469f-a165-70867728950e@contoso.com'] }, null],
  [
    'e-mail address beside the id',
    { sanUpn: ['LT-0042$@contoso.com'], sanEmail: ['jan\u00e9.doe@contoso.com'] },
    'same',
  ],
  ['no user', { commonName: 'LT-0042' }, null],
])('certificate with %s', (_what, certificate, word) => {
  expect(owner({ method: 'eap-tls', userName: 'jan\u00e9.doe@contoso.com', certificate })).toBe(word);
});

test('of a device without user is none; of one of which only the state is known it is unknown', () => {
  const { userPrincipalName: _, ...shared } = DEVICE;
  expect(owner({ method: 'site', userName: 'bob' }, shared)).toBe('none');
  expect(owner({ method: 'site', userName: 'bob' }, { complianceState: 'compliant' })).toBeNull();
});
