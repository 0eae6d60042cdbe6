// Which contradictions a question may hide: what would show them was cut on its way.

import { CONTRADICTIONS, type Contradiction } from '../identity/presented-identities.ts';
import type { PolicyFacts } from './policy-facts.ts';

/**
 * Fields that name a device or its user where the site authenticated; the VPN client's claims are in its Cisco-AVPairs.
 */
const NAMES_BESIDE_PASSWORD: readonly string[] = ['userName', 'callingStationId', 'ciscoAvPairs'];

const OF_NAMES = CONTRADICTIONS.filter((contradiction) => contradiction !== 'cn-contradicts-san');
const OF_CERTIFICATE = ['mac-of-another-device', 'cn-contradicts-san'] as const satisfies readonly Contradiction[];
const OF_ADDRESS = ['mac-of-another-device'] as const satisfies readonly Contradiction[];

/**
 * @returns those that may be there or not: the fields do not show it. Beside a certificate only its names and the
 * station's address are looked at; MAB with a name or an address that was cut is no MAB
 */
export function unreadContradictions({ methods = [], cut = [] }: PolicyFacts): readonly Contradiction[] {
  if (cut.length === 0 || methods.includes('mab')) return [];
  if (methods.includes('eap-tls')) {
    if (cut.some(isNameOfCertificate)) return OF_CERTIFICATE;
    return cut.includes('callingStationId') ? OF_ADDRESS : [];
  }
  return cut.some((field) => NAMES_BESIDE_PASSWORD.includes(field)) ? OF_NAMES : [];
}

/** Of the names one that was cut leaves none; issuer, serial number and end are no names. */
export function isNameOfCertificate(field: string): boolean {
  return /^certificate(?:\.(?:san|subject|common)|$)/.test(field);
}
