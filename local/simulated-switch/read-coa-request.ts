// Decides whether a datagram is a genuine CoA-Request or Disconnect-Request, and reads it. Everything received is
// hostile.

import { timingSafeEqual } from 'node:crypto';
import {
  type Attribute,
  attributesOf,
  CODE,
  DIGEST_OCTETS,
  HEADER_OCTETS,
  MOST_OCTETS,
  messageAuthenticatorOf,
  type RequestPacket,
  requestAuthenticatorOf,
  TYPE,
} from './radius-packet.ts';

/**
 * Why a datagram is not taken for a request:
 * - `too-short`: less than 20 octets
 * - `length`: its Length field is below 20, above 4096, or above the octets received
 * - `code`: neither CoA-Request nor Disconnect-Request
 * - `authenticator`: the Request Authenticator is wrong: another secret, altered on the way, or forged
 * - `attributes`: signed rightly, but the attributes are malformed
 * - `message-authenticator`: signed rightly, but Message-Authenticator is wrong, of another length, or there twice
 * - `event-timestamp`: made more than 300 seconds from now, so perhaps a replay (RFC 5176 section 6.3)
 */
export type CoaRequestProblem =
  | 'too-short'
  | 'length'
  | 'code'
  | 'authenticator'
  | 'attributes'
  | 'message-authenticator'
  | 'event-timestamp';

export interface ReceivedCoaRequest {
  readonly packet: RequestPacket;
  readonly identifier: number;
  /** The Request Authenticator. */
  readonly authenticator: Buffer;
  readonly attributes: readonly Attribute[];
  readonly messageAuthenticator: boolean;
}

export type CoaRequestVerdict =
  | { readonly ok: true; readonly request: ReceivedCoaRequest }
  | { readonly ok: false; readonly problem: CoaRequestProblem };

/** Seconds by which a request may be older or newer than this clock. */
export const REPLAY_WINDOW_SECONDS = 300;

const REQUEST_PACKETS = ['CoA-Request', 'Disconnect-Request'] as const satisfies readonly RequestPacket[];

/** Verifies by RFC 5176 sections 2.3 and 3.4, in constant time. Never throws, whatever the datagram holds. */
export function readCoaRequest(datagram: Uint8Array, secret: Uint8Array, now: Date): CoaRequestVerdict {
  if (datagram.length < HEADER_OCTETS) return refused('too-short');
  // A copy: what is read from it must not change later.
  const received = Buffer.from(datagram);
  const [code = 0, identifier = 0] = received;
  const length = received.readUInt16BE(2);
  if (length < HEADER_OCTETS || length > MOST_OCTETS || length > received.length) return refused('length');
  const packet = REQUEST_PACKETS.find((name) => CODE[name] === code);
  if (packet === undefined) return refused('code');

  const authenticator = received.subarray(4, HEADER_OCTETS);
  // Octets behind the length are padding.
  const body = received.subarray(HEADER_OCTETS, length);
  const expected = requestAuthenticatorOf({ code, identifier, body }, secret);
  if (!timingSafeEqual(expected, authenticator)) return refused('authenticator');

  const attributes = attributesOf(body);
  if (attributes === undefined) return refused('attributes');
  const signatures = attributes.filter(({ type }) => type === TYPE.messageAuthenticator);
  if (signatures.length > 0 && !isSigned({ code, identifier, attributes }, signatures, secret)) {
    return refused('message-authenticator');
  }

  const times = attributes.filter(({ type }) => type === TYPE.eventTimestamp);
  if (!times.every(({ value }) => value.length === 4)) return refused('attributes');
  const seconds = Math.floor(now.getTime() / 1000);
  if (!times.every(({ value }) => Math.abs(value.readUInt32BE(0) - seconds) <= REPLAY_WINDOW_SECONDS)) {
    return refused('event-timestamp');
  }
  const messageAuthenticator = signatures.length > 0;
  return { ok: true, request: { packet, identifier, authenticator, attributes, messageAuthenticator } };
}

/** RFC 3579 section 3.2 allows one signature; of two, it would say nothing what each of them covers. */
function isSigned(
  packet: { readonly code: number; readonly identifier: number; readonly attributes: readonly Attribute[] },
  [signature, another]: readonly Attribute[],
  secret: Uint8Array,
): boolean {
  if (signature?.value.length !== DIGEST_OCTETS || another !== undefined) return false;
  return timingSafeEqual(messageAuthenticatorOf(packet, undefined, secret), signature.value);
}

function refused(problem: CoaRequestProblem): CoaRequestVerdict {
  return { ok: false, problem };
}
