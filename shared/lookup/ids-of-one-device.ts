// Whether the ids of one certificate are of one device: its record says so, since it has an Intune id and an Entra id.

import { claims } from '../domain/device/device-identities.ts';
import { isOfCertificate, type PresentedIdentity } from '../domain/identity/identity.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { FoundDevice } from './find-device.ts';

/** What was found, where it has every id that the certificate's SAN names. */
export function onlyWithAllIds(identities: readonly PresentedIdentity[], found: FoundDevice): FoundDevice {
  const required = idsAmong(identities.filter((identity) => identity.required));
  const isOfAll = found.kind === 'found' ? required.every((id) => hasId(found.stored, id)) : required.length < 2;
  return isOfAll ? found : { kind: 'unidentified' };
}

/** Several ids in the SAN, and nothing was found that has them all. */
export function idsInSanContradict(identities: readonly PresentedIdentity[], found: FoundDevice): boolean {
  return found.kind !== 'found' && idsAmong(identities.filter((identity) => identity.required)).length > 1;
}

/** The common name has an id beside those of the SAN, and nothing was found that has it, too. */
export function nameContradictsSan(identities: readonly PresentedIdentity[], found: FoundDevice): boolean {
  if (!identities.some((identity) => identity.required)) return false;
  const inName = idsAmong(identities.filter((identity) => !identity.required));
  return found.kind === 'found' ? !inName.every((id) => hasId(found.stored, id)) : inName.length > 0;
}

function idsAmong(identities: readonly PresentedIdentity[]): string[] {
  const ids = identities.filter(({ kind, assurance }) => kind === 'deviceId' && assurance === 'certificate-guid');
  return [...new Set(ids.map(({ value }) => value))];
}

/** Ids without prefix that the record does not have: another device's may be among them. */
export function foreignIds(identities: readonly PresentedIdentity[], found: FoundDevice): PresentedIdentity[] {
  if (found.kind !== 'found') return [];
  return identities.filter(
    ({ kind, value, assurance }) =>
      isOfCertificate(assurance) && (kind === 'deviceId' || kind === 'entraDeviceId') && !hasId(found.stored, value),
  );
}

function hasId(stored: StoredDevice, value: string): boolean {
  return (['deviceId', 'entraDeviceId'] as const).some((kind) => claims(stored, { kind, value }));
}
