// A place: the NAS, and on a wired port the port, at which a station is.

import type { NasLocation } from './nas-location.ts';

type NasNames = Pick<NasLocation, 'nasIpAddress' | 'nasIpv6Address' | 'nasIdentifier' | 'packetSourceIp'>;

/** Names of a NAS, the most reliable first. */
const NAS_NAMES = ['nasIpAddress', 'nasIpv6Address', 'nasIdentifier', 'packetSourceIp'] as const;

/** RADIUS names of the port types of RFC 2865 5.41 and later that are radios: a station has no port there. */
export function isWireless({ nasPortType = '' }: Pick<NasLocation, 'nasPortType'>): boolean {
  return /^(wireless|19$)/i.test(nasPortType.trim());
}

/**
 * A text that no other place of the site has. NASes that have the same address, by their makers or behind a proxy,
 * differ by their NAS-Identifier.
 */
export function placeText(location: NasLocation): string {
  const name = NAS_NAMES.find((field) => location[field] !== undefined);
  const nas = name === undefined ? '' : `${name === 'nasIdentifier' ? 'identifier' : 'address'} ${location[name]}`;
  const identifier = name === 'nasIpAddress' || name === 'nasIpv6Address' ? (location.nasIdentifier ?? '') : '';
  return JSON.stringify([nas, identifier, isWireless(location) ? '' : (location.nasPortId ?? '')]);
}

/** Whether both may be the same NAS: the most reliable name that both have decides; without one in common they may. */
export function mayBeSameNas(a: NasNames, b: NasNames): boolean {
  const common = NAS_NAMES.find((name) => a[name] !== undefined && b[name] !== undefined);
  return common === undefined || a[common] === b[common];
}

/** Whether both may be the same place: one that says less than the other does not differ by that. */
export function mayBeSamePlace(a: NasLocation, b: NasLocation): boolean {
  if (!mayBeSameNas(a, b)) return false;
  if (isWireless(a) || isWireless(b)) return true;
  return a.nasPortId === undefined || b.nasPortId === undefined || a.nasPortId === b.nasPortId;
}
