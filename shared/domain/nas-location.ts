// Where a station is, in the NAS's own words.

import { canonicalAddress } from './ip-address.ts';

/** Where a station was last seen, in the NAS's own words. */
export interface NasLocation {
  readonly calledStationId?: string;
  readonly nasIpAddress?: string;
  readonly nasIpv6Address?: string;
  readonly nasIdentifier?: string;
  readonly nasPortId?: string;
  readonly nasPortType?: string;
  readonly packetSourceIp?: string;
}

export const NAS_LOCATION_FIELDS = Object.keys({
  calledStationId: true,
  nasIpAddress: true,
  nasIpv6Address: true,
  nasIdentifier: true,
  nasPortId: true,
  nasPortType: true,
  packetSourceIp: true,
} satisfies Record<keyof NasLocation, true>) as readonly (keyof NasLocation)[];

/**
 * The location with its addresses in one notation, each under the name of its kind. What is no address names no NAS,
 * and no CoA could be sent there.
 */
export function withCanonicalAddresses<T extends NasLocation>(location: T): T {
  const { nasIpAddress, nasIpv6Address, packetSourceIp, ...rest } = location;
  const named = [nasIpAddress, nasIpv6Address].map((text) => (text === undefined ? undefined : canonicalAddress(text)));
  const ipv4 = named.find((address) => address?.includes('.'));
  const ipv6 = named.find((address) => address?.includes(':'));
  const source = packetSourceIp === undefined ? undefined : canonicalAddress(packetSourceIp);
  return {
    ...rest,
    ...(ipv4 !== undefined && { nasIpAddress: ipv4 }),
    ...(ipv6 !== undefined && { nasIpv6Address: ipv6 }),
    ...(source !== undefined && { packetSourceIp: source }),
  } as T;
}
