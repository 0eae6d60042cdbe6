// Where a station is, in the words of a network engineer: switch and port, or access point and SSID.

export interface PlaceFields {
  readonly nasIdentifier?: string;
  readonly nasIpAddress?: string;
  readonly nasIpv6Address?: string;
  readonly packetSourceIp?: string;
  readonly nasPortId?: string;
  readonly calledStationId?: string;
  readonly ssids?: readonly string[];
}

export function placeOf(place: PlaceFields): string {
  const { nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp, nasPortId, ssids } = place;
  const nas = nasIdentifier ?? nasIpAddress ?? nasIpv6Address ?? packetSourceIp;
  return [nas, nasPortId, ssids?.[0]].filter((part) => part !== undefined && part !== '').join(' · ');
}
