// Values that a filter of the list of decisions offers. A filter of an address may have others: they are shown as they
// are.

import type { Standing, StandingMark } from '../../../shared/domain/device/standing.ts';
import type { METHOD_WORDS } from '../../../shared/domain/identity/authentication-word.ts';
import type { Assurance, IdentityKind } from '../../../shared/domain/identity/identity.ts';

type Choices<T extends string> = readonly (readonly [T, string])[];

export const ANSWERS: Choices<'permit' | 'deny'> = [
  ['permit', 'permit'],
  ['deny', 'deny'],
];

export const METHODS: Choices<(typeof METHOD_WORDS)[number]> = [
  ['eap-tls', 'EAP-TLS'],
  ['mab', 'MAB'],
  ['peap', 'PEAP'],
  ['eap-ttls', 'EAP-TTLS'],
  ['pap', 'PAP'],
  ['vpn', 'VPN'],
];

export const IDENTITIES: Choices<IdentityKind> = [
  ['deviceId', 'device id'],
  ['entraDeviceId', 'Entra device id'],
  ['mac', 'MAC address'],
  ['name', 'name'],
  ['serialNumber', 'serial number'],
  ['imei', 'IMEI'],
  ['meid', 'MEID'],
  ['udid', 'UDID'],
];

export const ASSURANCES: Choices<Assurance> = [
  ['certificate-guid', 'certificate GUID'],
  ['certificate-bare-guid', 'bare GUID'],
  ['certificate-name', 'certificate name'],
  ['computer-account', 'computer account'],
  ['client-claim', 'client’s claim'],
  ['mac', 'MAC address'],
];

export const STANDINGS: Choices<Standing> = [
  ['compliant', 'compliant'],
  ['noncompliant', 'noncompliant'],
  ['inGracePeriod', 'in grace period'],
  ['notEnrolled', 'not enrolled'],
  ['unidentified', 'unidentified'],
  ['ambiguous', 'ambiguous'],
  ['silent', 'silent'],
  ['beingRemoved', 'being removed'],
  ['notAuthenticated', 'not authenticated'],
  ['conflict', 'conflict'],
  ['error', 'error'],
  ['configManager', 'config manager'],
  ['unknown', 'unknown'],
];

export const READS: Choices<'store' | 'live' | StandingMark> = [
  ['store', 'store'],
  ['live', 'live'],
  ['stale', 'stale'],
  ['held', 'held'],
];

/** The word of a value for people; a value that a newer version knows is shown as it is. */
export function choiceWord(choices: readonly (readonly [string, string])[], value: string): string {
  return choices.find(([choice]) => choice === value)?.[1] ?? value;
}
