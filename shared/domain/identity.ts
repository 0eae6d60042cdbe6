// Identities: what a device can be recognised by, and how much a network may rely on it.

import type { Device, DeviceRecord } from './device.ts';
import { canIdentifyDevice } from './mac-address.ts';

/** Kinds of identity a device holds. `deviceId` is the source's own id and needs no pointer. */
export type IdentityKind = 'deviceId' | 'mac' | 'entraDeviceId' | 'name' | 'serialNumber' | 'imei' | 'meid' | 'udid';

/** One identity in comparable form: MAC addresses canonical, everything else trimmed and lower case. */
export interface Identity {
  readonly kind: IdentityKind;
  readonly value: string;
}

/**
 * How sure an identity makes us, strongest first. A certificate was issued to one device and proven with its private
 * key; a bare id in a common name or DNS name stands where templates let people choose; a name can be reused; a computer
 * account was authenticated by the site; what VPN client software reports of its device is claimed, but not seen by
 * neighbours; a MAC address is only what the station claims, and is in the air.
 */
export const ASSURANCES = [
  'certificate-guid',
  'certificate-bare-guid',
  'certificate-name',
  'computer-account',
  'client-claim',
  'mac',
] as const;
export type Assurance = (typeof ASSURANCES)[number];

/** Those of an identity that a certificate vouches for. */
export function isOfCertificate(assurance: Assurance): boolean {
  return assurance.startsWith('certificate-');
}

/** The given one and all that are surer. */
export function assurancesFrom(least: Assurance): readonly Assurance[] {
  return ASSURANCES.slice(0, ASSURANCES.indexOf(least) + 1);
}

/** An identity as a request presented it. */
export interface PresentedIdentity extends Identity {
  readonly assurance: Assurance;
  /** Where in the request it stood, in the field's own terms, e.g. `SAN URI` or `Calling-Station-Id`. */
  readonly origin: string;
  /** The MDM whose id a `deviceId` is; absent where it is that of the usual certificates. */
  readonly source?: string;
  /** Whatever leads to a record, it counts only if it has this id, too. */
  readonly required?: true;
  /** It stands beside a surer id and leads to no device; where it is another device's, the certificate contradicts itself. */
  readonly beside?: true;
}

export function identityText(identity: Identity): string {
  return `${identity.kind}|${identity.value}`;
}

/** Kinds whose values are texts of a device, under the same names. */
const TEXT_KINDS = ['entraDeviceId', 'name', 'serialNumber', 'imei', 'meid', 'udid'] as const;

/** Fields of a record that decide by which identities it is found. */
export const IDENTIFYING_FIELDS: readonly string[] = ['presence', 'wifiMac', 'ethernetMac', ...TEXT_KINDS];

function comparable(text: string | undefined): string | undefined {
  return text?.trim().toLowerCase();
}

/** Every identity that points at the device. Random and group MAC addresses point at nothing. */
export function identitiesOf(device: Device): Identity[] {
  const found: Identity[] = [];
  for (const mac of new Set([device.wifiMac, device.ethernetMac])) {
    if (mac !== undefined && canIdentifyDevice(mac)) found.push({ kind: 'mac', value: mac });
  }
  for (const kind of TEXT_KINDS) {
    const value = comparable(device[kind]);
    if (value) found.push({ kind, value });
  }
  return found;
}

/** A pointer counts only while the device it names is present and still holds the identity. */
export function claims(record: DeviceRecord, identity: Identity): boolean {
  if (record.presence !== 'present') return false;
  const { device } = record;
  const { kind, value } = identity;
  if (kind === 'deviceId') return device.id === value;
  if (kind !== 'mac') return value !== '' && comparable(device[kind]) === value;
  return [device.wifiMac, device.ethernetMac].some((mac) => mac === value && canIdentifyDevice(mac));
}
