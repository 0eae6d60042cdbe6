// What the switch makes of a genuine request: which session it means and what is to happen, or the Error-Cause.

import { ATTRIBUTE_TABLE } from '../../relay/radius/attribute-table.ts';
import { MESSAGE_AUTHENTICATOR_TYPE } from '../../relay/radius/packet-digest.ts';
import { type ReceivedAttribute, readAttributes } from '../../relay/radius/read-attributes.ts';
import { readIpAddress } from '../../relay/radius/read-ip-address.ts';
import { parseMacAddress } from '../../shared/domain/mac-address.ts';
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

const VENDOR_SPECIFIC_TYPE = 26;
const PROXY_STATE_TYPE = 33;

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

function meaningsOf({ type, value }: ReceivedAttribute, { name, nasIpAddress, sessions }: SwitchState): Meaning[] {
  const text = value.toString('utf8');
  switch (type) {
    case ATTRIBUTE_TABLE['Calling-Station-Id'].type: {
      const mac = parseMacAddress(text);
      return [names((session) => session.mac === mac)];
    }
    case ATTRIBUTE_TABLE['Acct-Session-Id'].type:
      return [names((session) => session.acctSessionId === text)];
    case ATTRIBUTE_TABLE['User-Name'].type:
      return [describes((session) => session.userName === text)];
    case ATTRIBUTE_TABLE['NAS-Port-Id'].type:
      return [describes((session) => session.port === text)];
    case ATTRIBUTE_TABLE['NAS-Port'].type:
      if (value.length !== 4) return [CAUSE.invalidRequest];
      return [describes((session) => session.nasPort === value.readUInt32BE(0))];
    case ATTRIBUTE_TABLE['NAS-IP-Address'].type:
      return [readIpAddress(nasIpAddress)?.octets.equals(value) ? 'nothing' : CAUSE.nasIdentificationMismatch];
    case ATTRIBUTE_TABLE['NAS-Identifier'].type:
      // A station that has roamed is at a NAS of another name.
      if (text !== name && !sessions.some(({ nasIdentifier }) => nasIdentifier === text)) {
        return [CAUSE.nasIdentificationMismatch];
      }
      return [describes((session) => session.nasIdentifier === text)];
    case ATTRIBUTE_TABLE['Event-Timestamp'].type:
    case MESSAGE_AUTHENTICATOR_TYPE:
    case PROXY_STATE_TYPE:
      return ['nothing'];
    case ATTRIBUTE_TABLE['Service-Type'].type:
      return [CAUSE.unsupportedService];
    case VENDOR_SPECIFIC_TYPE:
      return vendorMeanings(value);
    default:
      return [CAUSE.unsupportedAttribute];
  }
}

function vendorMeanings(value: Buffer): Meaning[] {
  if (value.length < 4) return [CAUSE.invalidRequest];
  const { vendor, type: pairType } = ATTRIBUTE_TABLE['Cisco-AVPair'];
  if (value.readUInt32BE(0) !== vendor) return [CAUSE.unsupportedAttribute];
  const attributes = readAttributes(value, 4);
  if (attributes === undefined || attributes.length === 0) return [CAUSE.invalidRequest];
  return attributes.map(({ type, value: pair }) =>
    type === pairType ? pairMeaning(pair.toString('utf8')) : CAUSE.unsupportedAttribute,
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
