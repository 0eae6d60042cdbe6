// Where a station is, in the NAS's own words.

/** Where a station was last seen, in the NAS's own words. */
export interface NasLocation {
  readonly nasIpAddress?: string;
  readonly nasIpv6Address?: string;
  readonly nasIdentifier?: string;
  readonly nasPortId?: string;
  readonly nasPortType?: string;
  readonly calledStationId?: string;
  readonly packetSourceIp?: string;
}
