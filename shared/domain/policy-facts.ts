// All that a policy may look at. A decision records them, so that it can be made again, under another policy too.

import type { Device } from './device.ts';
import type { Assurance } from './identity.ts';
import { type Instant, millisecondsBetween } from './instant.ts';
import type { NasLocation } from './nas-location.ts';
import type { Standing, StandingMark } from './standing.ts';

export const DEVICE_FACTS = [
  'complianceState',
  'ownership',
  'operatingSystem',
  'osVersion',
  'managementState',
  'registrationState',
  'enrolledAt',
] as const satisfies readonly (keyof Device)[];
export type DeviceFacts = Pick<Device, (typeof DEVICE_FACTS)[number]>;

export interface PolicyFacts extends Omit<NasLocation, 'nasPortId'> {
  /** When the question is asked. */
  readonly at: Instant;
  readonly site: string;
  readonly standing: Standing;
  readonly marks: readonly StandingMark[];
  readonly assurance?: Assurance;
  /** When the source was last known to say what the device's record says. */
  readonly asOf?: Instant;
  readonly device?: DeviceFacts;
  readonly userName?: string;
}

/** RFC 2865 5: no attribute of a packet holds more. What is longer came by another way and is cut here. */
const LONGEST_TEXT = 253;

export interface FactsSource extends NasLocation {
  readonly userName?: string;
}

/** What the request says of itself, bounded. */
export function requestFacts(site: string, source: FactsSource): Omit<PolicyFacts, 'at' | 'standing' | 'marks'> {
  const { userName, nasIpAddress, nasIpv6Address, nasIdentifier, nasPortType, calledStationId, packetSourceIp } =
    source;
  const texts = {
    userName,
    nasIpAddress,
    nasIpv6Address,
    nasIdentifier,
    nasPortType,
    calledStationId,
    packetSourceIp,
  };
  return { site, ...bounded(texts) };
}

export function deviceFacts(device: Device): DeviceFacts {
  const { complianceState, ownership, operatingSystem, osVersion, managementState, registrationState, enrolledAt } =
    device;
  const texts = { ownership, operatingSystem, osVersion, managementState, registrationState, enrolledAt };
  return { complianceState, ...bounded(texts) };
}

export const MEDIA = ['wired', 'wireless', 'vpn'] as const;
export type Medium = (typeof MEDIA)[number];

/** RFC 2865 5.41, by name as FreeRADIUS writes it or by number: Virtual is what VPN gateways say. */
const MEDIUM_OF_PORT_TYPE: Readonly<Record<string, Medium>> = {
  ethernet: 'wired',
  '15': 'wired',
  'wireless-802.11': 'wireless',
  '19': 'wireless',
  'wireless-other': 'wireless',
  '18': 'wireless',
  virtual: 'vpn',
  '5': 'vpn',
};

export function mediumOf({ nasPortType = '' }: PolicyFacts): Medium | undefined {
  return Object.hasOwn(MEDIUM_OF_PORT_TYPE, nasPortType.toLowerCase())
    ? MEDIUM_OF_PORT_TYPE[nasPortType.toLowerCase()]
    : undefined;
}

const SSID_AFTER_ADDRESS =
  /^(?:[0-9a-f]{2}(?:[-:][0-9a-f]{2}){5}|[0-9a-f]{12}|[0-9a-f]{4}(?:[.-][0-9a-f]{4}){2}):(?<ssid>.+)$/isu;

/** RFC 3580 3.20: Called-Station-Id of an access point is its address, a colon, and the SSID. */
export function ssidOf({ calledStationId = '' }: PolicyFacts): string | undefined {
  return SSID_AFTER_ADDRESS.exec(calledStationId)?.groups?.['ssid'];
}

/** Whole minutes the device has been enrolled; `undefined` when the source does not say since when. */
export function minutesSinceEnrolment({ at, device }: PolicyFacts): number | undefined {
  const enrolledAt = device?.enrolledAt;
  if (enrolledAt === undefined || Number.isNaN(Date.parse(enrolledAt))) return undefined;
  return Math.max(0, Math.floor(millisecondsBetween(enrolledAt, at) / 60_000));
}

/** How old the knowledge is, in milliseconds; `undefined` without a device. */
export function ageOf({ at, asOf }: PolicyFacts): number | undefined {
  return asOf === undefined ? undefined : Math.max(0, millisecondsBetween(asOf, at));
}

function bounded<T extends Record<string, string | undefined>>(texts: T): { [K in keyof T]?: string } {
  const kept: { [K in keyof T]?: string } = {};
  for (const name in texts) {
    const text = texts[name];
    if (text !== undefined && text !== '') kept[name] = text.slice(0, LONGEST_TEXT).toWellFormed();
  }
  return kept;
}
