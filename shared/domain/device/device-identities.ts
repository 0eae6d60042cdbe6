// Which identities a device holds, and whether its record still claims one.

import { CERTIFICATE_SOURCE } from '../identity/certificate-source.ts';
import type { Identity, Pointer } from '../identity/identity.ts';
import { canIdentifyDevice } from '../mac-address.ts';
import type { Device, DeviceRecord } from './device.ts';
import { strongIdentities } from './joined-records.ts';

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
  return [...found, ...sharedId(device)];
}

/** A GUID may be the id of a device of Intune's: from there it leads to records of other sources that have it, too. */
function sharedId(device: Device): Identity[] {
  return device.source === CERTIFICATE_SOURCE ? [] : strongIdentities(device).filter(({ kind }) => kind === 'deviceId');
}

/** Last six digits of a MAC address, as labels and help desks give them. */
const MAC_END_DIGITS = 6;

/** What people search for: the user, and the end of each address. */
export function searchTermsOf({ userPrincipalName, wifiMac, ethernetMac }: Device): Pointer[] {
  const user = comparable(userPrincipalName);
  const ends = [wifiMac, ethernetMac].flatMap((mac) => (mac === undefined ? [] : mac.slice(-MAC_END_DIGITS)));
  return [
    ...(user ? [{ kind: 'user', value: user } as const] : []),
    ...[...new Set(ends)].map((value) => ({ kind: 'macEnd', value }) as const),
  ];
}

/** Everything that is to lead to the device. */
export function pointersOf(device: Device): Pointer[] {
  return [...identitiesOf(device), ...searchTermsOf(device)];
}

/** A pointer counts only while the device it names is present and still holds the identity. */
export function claims(record: DeviceRecord, identity: Pointer): boolean {
  if (record.presence !== 'present') return false;
  const { device } = record;
  const { kind, value } = identity;
  if (kind === 'user' || kind === 'macEnd')
    return searchTermsOf(device).some((term) => term.kind === kind && term.value === value);
  if (kind === 'deviceId') return device.id === value;
  if (kind !== 'mac') return value !== '' && comparable(device[kind]) === value;
  return [device.wifiMac, device.ethernetMac].some((mac) => mac === value && canIdentifyDevice(mac));
}
