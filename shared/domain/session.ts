// A session: one station at one site, from its first answer until it is gone.

import { hash } from 'node:crypto';
import type { AccessRequest, AuthenticationMethod } from './access-request.ts';
import type { SessionAccounting } from './accounting.ts';
import type { Client } from './client.ts';
import type { Decision } from './decision.ts';
import { type Instant, millisecondsBetween } from './instant.ts';
import type { MacAddress } from './mac-address.ts';
import type { NasLocation } from './nas-location.ts';
import { type PresentedIdentities, stationMac } from './presented-identities.ts';
import { singlePairs } from './vpn-client-identities.ts';

/** A session without any sign of life for this long is over. */
export const SESSION_LIFE_MS = 24 * 60 * 60_000;

export interface Session extends NasLocation {
  /** Twenty hexadecimal digits made of site and station: the same station at the same site is the same session. */
  readonly id: string;
  readonly site: string;
  /** The RADIUS proxy that asked. */
  readonly client: string;
  readonly mac?: MacAddress;
  readonly userName?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  /** Cisco's name for the session, the same in lookup and accounting. */
  readonly auditSessionId?: string;
  /** How the station proved who it is, in the newest question. */
  readonly method?: AuthenticationMethod;
  /** What the station presented, to decide again without it. */
  readonly presented: PresentedIdentities;
  /** What the station was told last. */
  readonly decision: Decision;
  /** What accounting says of it, once it has said anything. */
  readonly accounting?: SessionAccounting;
}

/** Who asks, as far as it makes the session. */
export type Asker = Pick<Client, 'name' | 'site' | 'sessionKey'>;

/** What tells stations apart, in a question or in accounting. */
export type Station = Pick<AccessRequest, 'callingStationId' | 'userName' | 'acctSessionId' | 'certificate'>;

/**
 * A MAC address, random or not, tells stations apart; without one (VPN) the user name does, with the address he comes from,
 * since his laptop and his phone may be on at once; then the certificate.
 * A roam to another NAS of the site keeps the session, since nobody is asked again on a fast roam. Ids appear in logs and on
 * the wire, so they are keyed with a secret of the site: nobody finds the address by trying all of them.
 */
export function sessionId(asker: Asker, request: Station): string {
  const { userName, callingStationId } = request;
  const station =
    stationMac(request) ??
    (userName && callingStationId ? [userName, callingStationId] : userName) ??
    callingStationId ??
    request.certificate?.serial ??
    request.acctSessionId ??
    '';
  // Most of the hash is kept back: what is shown of it tells nobody the hash of a longer text.
  return hash('sha256', JSON.stringify([asker.sessionKey, asker.site, station])).slice(0, 20);
}

export function openSession(
  client: Asker,
  request: AccessRequest,
  presented: PresentedIdentities,
  decision: Decision,
): Session {
  return { ...sessionBeforeAnswer(client, request, presented, sessionId(client, request)), decision };
}

/** What a session keeps of the question, before anybody is told anything. */
export type SessionBeforeAnswer = Omit<Session, 'decision' | 'accounting'>;

/** @param id from {@link sessionId} */
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

/** Cisco-AVPair `audit-session-id=…`, which the NAS gives to everything it says of one session. */
function auditSessionId({ ciscoAvPairs = [] }: AccessRequest): string | undefined {
  for (const pair of singlePairs(ciscoAvPairs)) {
    const [, id] = /^audit-session-id=([0-9A-Za-z]{8,64})$/i.exec(pair.trim()) ?? [];
    if (id !== undefined) return id;
  }
  return undefined;
}

/** True while a CoA may reach the session: it has not stopped and has shown a sign of life within a day. */
export function isLive({ decision, accounting }: Session, now: Instant): boolean {
  // NASes tell time by the second: a Stop in the second of the decision came after it.
  if (accounting?.status === 'stopped' && accounting.at >= decision.decidedAt.slice(0, 19)) return false;
  const lastSign = accounting !== undefined && accounting.at > decision.decidedAt ? accounting.at : decision.decidedAt;
  return millisecondsBetween(lastSign, now) < SESSION_LIFE_MS;
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
