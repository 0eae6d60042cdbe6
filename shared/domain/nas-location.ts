// Where a station is, in the NAS's own words.

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
