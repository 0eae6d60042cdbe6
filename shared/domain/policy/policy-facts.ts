// All that a policy may look at. A decision records them, so that it can be made again, under another policy too.

import { DEVICE_FIELD_NAMES, DEVICE_FIELDS, type Device, type FieldsWith } from '../device/device.ts';
import { MOST_GROUPS } from '../device/group-memberships.ts';
import type { CountsBecause, SourceVerdict } from '../device/joined-records.ts';
import type { Standing, StandingMark } from '../device/standing.ts';
import { bareGuid } from '../guid-forms.ts';
import type { AccessRequest } from '../identity/access-request.ts';
import { type MethodWord, methodWords } from '../identity/authentication-word.ts';
import { isComputerAccount } from '../identity/computer-name.ts';
import type { Assurance } from '../identity/identity.ts';
import type { Contradiction } from '../identity/presented-identities.ts';
import { sanNames } from '../identity/san-text.ts';
import { isUnreadSsid, ssidsOf } from '../identity/ssid.ts';
import { hasMoreClaims } from '../identity/vpn-client-identities.ts';
import { type Instant, millisecondsBetween } from '../instant.ts';
import { parseMacAddress } from '../mac-address.ts';
import { isMediumUnread, mediumOf } from '../medium.ts';
import type { NasLocation } from '../nas-location.ts';
import { certificateSerial } from './override.ts';

export * from '../medium.ts';

/** What a policy may look at of a device, as the table of its fields says. */
export type DeviceFacts = Pick<Device, FieldsWith<{ fact: true }>>;
type TextFact = FieldsWith<{ fact: true; kind: 'text' }>;
type FlagFact = FieldsWith<{ fact: true; kind: 'flag' }>;
const FLAG_FACTS = DEVICE_FIELD_NAMES.filter((name): name is FlagFact => {
  const { kind, fact } = DEVICE_FIELDS[name];
  return fact && kind === 'flag';
});
/** A list of groups is longer than what else is said of a device. */
const TEXT_FACTS = DEVICE_FIELD_NAMES.filter((name): name is Exclude<TextFact, 'groups'> => {
  const { kind, fact } = DEVICE_FIELDS[name];
  return fact && kind === 'text' && name !== 'groups';
});

/** What the question says beside the place: recorded with the decision, since a session keeps no more of it. */
export interface QuestionFacts {
  readonly methods?: readonly MethodWord[];
  /** The station's address, random ones included. */
  readonly mac?: string;
  /** The users that the site or a certificate authenticated; several may be names of one person. */
  readonly users?: readonly string[];
  /** Present with every certificate; empty where the server does not say who issued it. */
  readonly certificateIssuer?: string;
  /** Of the certificate, in comparable form; absent where the server does not send it. */
  readonly certificateSerial?: string;
  readonly ssids?: readonly string[];
  /** Fields that the RADIUS server could not pass on whole. */
  readonly cut?: readonly string[];
}

/** Records of several sources that are one device. */
export interface RecordsOfDevice {
  /** The source of the record that the question led to, whose attributes count. */
  readonly found: string;
  /** Beginning with that record. */
  readonly all: readonly SourceVerdict[];
  /** Why the verdict counts that does. */
  readonly because: CountsBecause;
}

export interface PolicyFacts extends Omit<NasLocation, 'nasPortId'>, QuestionFacts {
  /** When the question is asked. */
  readonly at: Instant;
  readonly site: string;
  readonly standing: Standing;
  readonly marks: readonly StandingMark[];
  readonly assurance?: Assurance;
  /** What in the question does not fit the device found. */
  readonly contradictions?: readonly Contradiction[];
  /** When the source was last known to say what the device's record says. */
  readonly asOf?: Instant;
  /** The source whose verdict counts: that of the device's record, where no other source knows the device. */
  readonly source?: string;
  /** Whether that source has been read in time lately. */
  readonly sourceReachable?: boolean;
  /** The same of each source there is, where there are several. */
  readonly sourcesReachable?: Readonly<Record<string, boolean>>;
  /** What each source says that knows the device, where there are several. */
  readonly records?: RecordsOfDevice;
  readonly device?: DeviceFacts;
  readonly userName?: string;
}

/**
 * RFC 2865 5: no attribute of a packet holds more. A longer one came by another way: it is only shown, since half of it
 * would be another text.
 */
const LONGEST_TEXT = 253;
/** Groups of two directories, each id with a sign before and a blank between them. */
const LONGEST_GROUPS = 2 * MOST_GROUPS * 38;
const LONGEST_ISSUER = 4 * LONGEST_TEXT;
const MOST_USERS = 4;
const MOST_SSIDS = 4;

/** A request, or a session with what was recorded of its last question. */
export type FactsSource = NasLocation &
  QuestionFacts &
  Partial<Pick<AccessRequest, 'method' | 'eapType' | 'callingStationId' | 'certificate' | 'ciscoAvPairs'>> & {
    readonly userName?: string;
  };

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
  const tooLong = Object.entries(texts).flatMap(([name, text]) => (text === undefined || isWhole(text) ? [] : name));
  const { cut = [] } = source;
  return { site, ...bounded(texts), ...questionFacts({ ...source, cut: [...cut, ...tooLong] }) };
}

/** From a request; of a session those that were recorded stand. */
export function questionFacts(source: FactsSource): QuestionFacts {
  const { method, certificate, ssids = [] } = source;
  const methods = source.methods ?? (method === undefined ? undefined : methodWords(source, mediumOf(source)));
  const mac =
    source.mac ?? (source.callingStationId === undefined ? undefined : parseMacAddress(source.callingStationId));
  const users = source.users ?? usersOf(source);
  const [knownUsers, knownSsids] = [wholeAmong(users, MOST_USERS), wholeAmong(ssids, MOST_SSIDS)];
  const cut = new Set(source.cut);
  if (knownUsers.length < users.length) cut.add('users');
  if (knownSsids.length < ssids.length) cut.add('ssid');
  if (hasMoreClaims(source.ciscoAvPairs)) cut.add('ciscoAvPairs');
  const issuer = source.certificateIssuer ?? (certificate && (certificate.issuer ?? ''));
  const serial = source.certificateSerial ?? certificateSerial(certificate?.serial ?? '');
  return {
    ...(methods && { methods }),
    ...(mac !== undefined && { mac }),
    ...(knownUsers.length > 0 && { users: knownUsers }),
    ...(issuer !== undefined && { certificateIssuer: issuer.length > LONGEST_ISSUER ? '' : issuer.toWellFormed() }),
    ...(serial !== undefined && { certificateSerial: serial }),
    ...(knownSsids.length > 0 && { ssids: knownSsids }),
    ...(cut.size > 0 && { cut: [...cut] }),
  };
}

/** The name that was authenticated: with EAP-TLS that in the certificate, since User-Name is what the client says. */
function usersOf({ method, userName = '', certificate }: FactsSource): readonly string[] {
  if (certificate) {
    const { upn, email } = sanNames(certificate);
    return [...upn, ...email].filter(isPerson);
  }
  return method === 'site' && userName !== '' && isPerson(userName) ? [userName] : [];
}

/** Profiles write ids of devices into UPN and e-mail names, too. */
function isPerson(name: string): boolean {
  if (isComputerAccount(name) || /^anonymous(?:@|$)/i.test(name)) return false;
  return parseMacAddress(name) === undefined && bareGuid(name.split('@', 1)[0] ?? '') === undefined;
}

export function deviceFacts(device: Device): DeviceFacts {
  const { complianceState, groups = '' } = device;
  const texts: Partial<Record<TextFact, string>> = {};
  for (const name of TEXT_FACTS) {
    const text = device[name];
    if (text !== undefined && isWhole(text)) texts[name] = text;
  }
  const flags: Partial<Record<FlagFact, boolean>> = {};
  for (const name of FLAG_FACTS) {
    const flag = device[name];
    if (flag !== undefined) flags[name] = flag;
  }
  const known = groups !== '' && groups.length <= LONGEST_GROUPS ? { groups } : {};
  return { complianceState, ...flags, ...known, ...bounded(texts) };
}

/**
 * The SSIDs that the request may mean.
 * @returns `null` where there must be one and none can be read; `undefined` where there is none
 */
export function ssidCandidates(facts: PolicyFacts): readonly string[] | null | undefined {
  const medium = mediumOf(facts);
  const isUnread = isMediumUnread(facts);
  const { calledStationId, ssids, nasPortType, cut = [] } = facts;
  const isCut = cut.includes('calledStationId') || cut.includes('ssid');
  const wireless = medium === 'wireless' || (medium === undefined && (isUnread || nasPortType === undefined));
  const found = isCut ? [] : ssidsOf({ calledStationId, ssids, wireless });
  if (found.length > 0) return found;
  // Access points name it in a pair of Cisco's, too.
  const isLost = wireless && (cut.includes('ciscoAvPairs') || isUnreadSsid(calledStationId));
  return isCut || isUnread || isLost || medium === 'wireless' ? null : undefined;
}

/** So far clocks may be apart; what is said to happen later than that cannot be believed. */
const MOST_AHEAD_MS = 3_600_000;

/** Whole minutes the device has been enrolled; `undefined` when the source does not say since when. */
export function minutesSinceEnrolment({ at, device }: PolicyFacts): number | undefined {
  return wholeUnits(device?.enrolledAt, at, 60_000);
}

/** Whole days since the device has checked in with its source; `undefined` when it never has. */
export function daysSinceCheckIn({ at, device }: PolicyFacts): number | undefined {
  return wholeUnits(device?.lastSyncAt, at, 24 * 3_600_000);
}

function wholeUnits(since: Instant | undefined, at: Instant, unitMs: number): number | undefined {
  if (since === undefined || Number.isNaN(Date.parse(since))) return undefined;
  const elapsedMs = millisecondsBetween(since, at);
  return elapsedMs < -MOST_AHEAD_MS ? undefined : Math.max(0, Math.floor(elapsedMs / unitMs));
}

/** How old the knowledge is, in milliseconds; `undefined` without a device, and for what cannot be known yet. */
export function ageOf({ at, asOf }: PolicyFacts): number | undefined {
  const ageMs = asOf === undefined ? Number.NaN : millisecondsBetween(asOf, at);
  return ageMs >= -MOST_AHEAD_MS ? Math.max(0, ageMs) : undefined;
}

function bounded<T extends Record<string, string | undefined>>(texts: T): { [K in keyof T]?: string } {
  const kept: { [K in keyof T]?: string } = {};
  for (const name in texts) {
    const text = texts[name];
    if (text !== undefined && text !== '') kept[name] = text.slice(0, LONGEST_TEXT).toWellFormed();
  }
  return kept;
}

function wholeAmong(texts: readonly string[], most: number): string[] {
  return texts
    .filter(isWhole)
    .slice(0, most)
    .map((text) => text.toWellFormed());
}

/** Of a text that is named as cut: what is here of it was cut by us. */
export function isCutText(text: string): boolean {
  return text.length >= LONGEST_TEXT;
}

function isWhole(text: string): boolean {
  return text.length <= LONGEST_TEXT;
}
