// A session: one station at one place of one site, from its first answer until it is over.

import type { AccessRequest, AuthenticationMethod } from '../identity/access-request.ts';
import { credentialKey } from '../identity/credential.ts';
import { type PresentedIdentities, stationMac } from '../identity/presented-identities.ts';
import type { Instant } from '../instant.ts';
import type { MacAddress } from '../mac-address.ts';
import { NAS_LOCATION_FIELDS, type NasLocation } from '../nas-location.ts';
import type { Decision } from '../policy/decision.ts';
import type { SessionAccounting } from './session-accounting.ts';
import type { Asker } from './session-id.ts';

/** What a station received for one credential, and how it asked. */
export interface Answer extends NasLocation {
  /** Which credential: eight hexadecimal digits, from `credentialKey`. */
  readonly credential: string;
  /** The RADIUS proxy that asked. */
  readonly client: string;
  readonly userName?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  /** Cisco's name for the session, the same in lookup and accounting. */
  readonly auditSessionId?: string;
  /** How the station proved who it is. */
  readonly method?: AuthenticationMethod;
  /** What the station presented, to decide again without it. */
  readonly presented: PresentedIdentities;
  readonly decision: Decision;
}

/** A session as one of its answers shows it. */
export interface AnsweredSession extends Answer {
  /** Twenty hexadecimal digits, from `sessionId`. */
  readonly id: string;
  readonly site: string;
  readonly mac?: MacAddress;
}

/** The ruling answer, flattened, with all others. */
export interface Session extends AnsweredSession {
  /** The newest answer of each credential, newest first; the ruling one is among them. */
  readonly answers: readonly Answer[];
  /** What accounting says of it, once it has said anything. */
  readonly accounting?: SessionAccounting;
  /** When its NAS restarted last, by our clock. */
  readonly nasRestartedAt?: Instant;
}

/** What a session keeps of the question, before it is answered. */
export type SessionBeforeAnswer = Omit<AnsweredSession, 'decision'>;

/** @param id from `sessionId` */
export function sessionBeforeAnswer(
  client: Asker,
  request: AccessRequest,
  presented: PresentedIdentities,
  id: string,
): SessionBeforeAnswer {
  const mac = stationMac(request);
  return {
    id,
    site: client.site,
    client: client.name,
    credential: credentialKey(request),
    ...(mac && { mac }),
    ...storable({
      userName: request.userName,
      acctSessionId: request.acctSessionId,
      acctMultiSessionId: request.acctMultiSessionId,
      auditSessionId: auditSessionId(request),
      nasIpAddress: request.nasIpAddress,
      nasIpv6Address: request.nasIpv6Address,
      nasIdentifier: request.nasIdentifier,
      nasPortId: request.nasPortId,
      nasPortType: request.nasPortType,
      calledStationId: request.calledStationId,
      packetSourceIp: request.packetSourceIp,
    }),
    method: request.method,
    presented,
  };
}

/** The session as that answer shows it. */
export function asAnswered(session: Session, answer: Answer): Session {
  const { id, site, mac, answers, accounting, nasRestartedAt } = session;
  return {
    ...answer,
    id,
    site,
    ...(mac !== undefined && { mac }),
    answers,
    ...(accounting && { accounting }),
    ...(nasRestartedAt !== undefined && { nasRestartedAt }),
  };
}

/** @param session with or without what only a stored session has */
export function answerOf(session: AnsweredSession): Answer {
  const { id, site, mac, answers, accounting, nasRestartedAt, ...answer } = session as Session;
  return answer;
}

/** Where the station is, by what the NAS said in the question and in accounting since. */
export function placeOf(session: Session): NasLocation {
  const { accounting } = session;
  const said: Record<string, unknown> = { ...accounting?.coa, ...accounting?.nas };
  const place = NAS_LOCATION_FIELDS.map((field) => [field, session[field] ?? said[field]]);
  return Object.fromEntries(place.filter(([, value]) => value !== undefined));
}

/** Cisco-AVPair `audit-session-id=…`, which the NAS gives to everything it says of one session. */
function auditSessionId({ ciscoAvPairs = [] }: AccessRequest): string | undefined {
  for (const pair of ciscoAvPairs) {
    const [, id] = /^audit-session-id=([0-9A-Za-z]{8,64})$/i.exec(pair.trim()) ?? [];
    if (id !== undefined) return id;
  }
  return undefined;
}

/** RFC 2865 5: no attribute holds more octets. What is longer came by another way, and no CoA could name it. */
const LONGEST_ATTRIBUTE = 253;

function storable<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  const kept: { [K in keyof T]?: string } = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && value !== '' && Buffer.byteLength(value) <= LONGEST_ATTRIBUTE) kept[name] = value;
  }
  return kept;
}
