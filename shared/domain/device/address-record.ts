// A record that stands for an address: a service may say that its device is managed, and not which device it is.

import type { MacAddress } from '../mac-address.ts';
import type { DeviceKey } from './device.ts';

const PREFIX = 'mac-';

/** The id of such a record. No id of Intune's looks like this. */
export function idOfAddress(mac: MacAddress): string {
  return `${PREFIX}${mac}`;
}

/** No list of a source can name it. */
export function isAddressRecord({ id }: Pick<DeviceKey, 'id'>): boolean {
  return id.startsWith(PREFIX);
}
