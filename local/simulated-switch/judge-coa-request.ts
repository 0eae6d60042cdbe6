// What the switch makes of a genuine request: which session it means and what is to happen, or the Error-Cause.

import { isIPv4 } from 'node:net';
import { parseMacAddress } from '../../shared/domain/mac-address.ts';
import { type Attribute, attributesOf, CISCO, TYPE } from './radius-packet.ts';
import type { ReceivedCoaRequest } from './read-coa-request.ts';
import type { StationSession } from './station-session.ts';

export type CoaJudgement =
  | { readonly ok: true; readonly action: 'reauthenticate' | 'disconnect'; readonly session: StationSession }
  | { readonly ok: false; readonly errorCause: number };

export interface SwitchState {
  readonly name: string;
  readonly nasIpAddress: string;
  readonly sessions: readonly StationSession[];
}

/** RFC 5176 section 3.5. */
const CAUSE = {
  unsupportedAttribute: 401,
  missingAttribute: 402,
  nasIdentificationMismatch: 403,
  invalidRequest: 404,
  unsupportedService: 405,
  invalidAttributeValue: 407,
  sessionContextNotFound: 503,
} as const;

/** What one attribute says; a number is the Error-Cause it earns. */
type Meaning =
  | number
  | 'nothing'
  | 'reauthenticate'
  | { readonly matches: (session: StationSession) => boolean; readonly namesSession: boolean };

/**
 * As Cisco IOS does it: the session must be named by Calling-Station-Id, Acct-Session-Id or audit-session-id, and
 * whatever else the request says of it must hold too. Attributes that are not known refuse the whole request.
 */
export function judgeCoaRequest({ packet, attributes }: ReceivedCoaRequest, state: SwitchState): CoaJudgement {
  const meanings = attributes.flatMap((attribute) => meaningsOf(attribute, state));
  const problem = meanings.find((meaning) => typeof meaning === 'number');
  if (problem !== undefined) return { ok: false, errorCause: problem };

  const commanded = meanings.includes('reauthenticate');
  // RFC 5176 section 3: a Disconnect-Request holds nothing but identification.
  if (packet === 'Disconnect-Request' && commanded) return { ok: false, errorCause: CAUSE.unsupportedAttribute };
  if (packet === 'CoA-Request' && !commanded) return { ok: false, errorCause: CAUSE.missingAttribute };

  const criteria = meanings.filter((meaning) => typeof meaning === 'object');
  if (!criteria.some(({ namesSession }) => namesSession)) return { ok: false, errorCause: CAUSE.missingAttribute };
  const session = state.sessions.find((candidate) => criteria.every(({ matches }) => matches(candidate)));
  if (session === undefined) return { ok: false, errorCause: CAUSE.sessionContextNotFound };
  return { ok: true, action: commanded ? 'reauthenticate' : 'disconnect', session };
}

function meaningsOf({ type, value }: Attribute, { name, nasIpAddress, sessions }: SwitchState): Meaning[] {
  const text = value.toString('utf8');
  switch (type) {
    case TYPE.callingStationId: {
      const mac = parseMacAddress(text);
      return [names((session) => session.mac === mac)];
    }
    case TYPE.acctSessionId:
      return [names((session) => session.acctSessionId === text)];
    case TYPE.userName:
      return [describes((session) => session.userName === text)];
    case TYPE.nasPortId:
      return [describes((session) => session.port === text)];
    case TYPE.nasPort:
      if (value.length !== 4) return [CAUSE.invalidRequest];
      return [describes((session) => session.nasPort === value.readUInt32BE(0))];
    case TYPE.nasIpAddress:
      return [isAddress(value, nasIpAddress) ? 'nothing' : CAUSE.nasIdentificationMismatch];
    case TYPE.nasIdentifier:
      // A station that has roamed is at a NAS of another name.
      if (text !== name && !sessions.some(({ nasIdentifier }) => nasIdentifier === text)) {
        return [CAUSE.nasIdentificationMismatch];
      }
      return [describes((session) => session.nasIdentifier === text)];
    case TYPE.eventTimestamp:
    case TYPE.messageAuthenticator:
    case TYPE.proxyState:
      return ['nothing'];
    case TYPE.serviceType:
      return [CAUSE.unsupportedService];
    case TYPE.vendorSpecific:
      return vendorMeanings(value);
    default:
      return [CAUSE.unsupportedAttribute];
  }
}

function isAddress(octets: Buffer, address: string): boolean {
  return isIPv4(address) && octets.join('.') === address;
}

function vendorMeanings(value: Buffer): Meaning[] {
  if (value.length < 4) return [CAUSE.invalidRequest];
  if (value.readUInt32BE(0) !== CISCO.vendor) return [CAUSE.unsupportedAttribute];
  const attributes = attributesOf(value.subarray(4));
  if (attributes === undefined || attributes.length === 0) return [CAUSE.invalidRequest];
  return attributes.map(({ type, value: pair }) =>
    type === CISCO.avPair ? pairMeaning(pair.toString('utf8')) : CAUSE.unsupportedAttribute,
  );
}

function pairMeaning(pair: string): Meaning {
  const equals = pair.indexOf('=');
  const value = pair.slice(equals + 1);
  switch (pair.slice(0, Math.max(equals, 0))) {
    case 'audit-session-id':
      return names((session) => session.auditSessionId === value);
    case 'subscriber:command':
      return value === 'reauthenticate' ? 'reauthenticate' : CAUSE.invalidAttributeValue;
    case 'subscriber:reauthenticate-type':
      return value === 'last' || value === 'rerun' ? 'nothing' : CAUSE.invalidAttributeValue;
    default:
      return CAUSE.unsupportedAttribute;
  }
}

function names(matches: (session: StationSession) => boolean): Meaning {
  return { matches, namesSession: true };
}

function describes(matches: (session: StationSession) => boolean): Meaning {
  return { matches, namesSession: false };
}
