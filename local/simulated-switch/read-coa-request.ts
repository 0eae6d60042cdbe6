// Decides whether a datagram is a genuine CoA-Request or Disconnect-Request, and reads it. Everything received is
// hostile.

import { timingSafeEqual } from 'node:crypto';
import { ATTRIBUTE_TABLE } from '../../relay/radius/attribute-table.ts';
import { PACKET_CODE, type RequestPacket } from '../../relay/radius/packet-code.ts';
import {
  AUTHENTICATOR_LENGTH,
  authenticatorOf,
  MESSAGE_AUTHENTICATOR_TYPE,
  messageAuthenticatorOf,
  PACKET_LAYOUT,
} from '../../relay/radius/packet-digest.ts';
import { type ReceivedAttribute, readAttributes } from '../../relay/radius/read-attributes.ts';

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
  readonly attributes: readonly ReceivedAttribute[];
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
  if (datagram.length < PACKET_LAYOUT.attributes) return refused('too-short');
  // A copy: its authenticator field is overwritten below, and what is read from it must not change later.
  const received = Buffer.from(datagram);
  const length = received.readUInt16BE(PACKET_LAYOUT.length);
  if (length < PACKET_LAYOUT.attributes || length > PACKET_LAYOUT.maximumLength || length > received.length) {
    return refused('length');
  }
  const bytes = received.subarray(0, length);
  const packet = REQUEST_PACKETS.find((name) => PACKET_CODE[name] === bytes[0]);
  if (packet === undefined) return refused('code');

  const authenticatorEnd = PACKET_LAYOUT.authenticator + AUTHENTICATOR_LENGTH;
  const authenticator = Buffer.from(bytes.subarray(PACKET_LAYOUT.authenticator, authenticatorEnd));
  bytes.fill(0, PACKET_LAYOUT.authenticator, authenticatorEnd);
  if (!timingSafeEqual(authenticatorOf(bytes, secret), authenticator)) return refused('authenticator');

  const attributes = readAttributes(bytes, PACKET_LAYOUT.attributes);
  if (attributes === undefined) return refused('attributes');
  const signatures = attributes.filter(({ type }) => type === MESSAGE_AUTHENTICATOR_TYPE);
  // Of two, each would have to sign the other: one of them is wrong.
  if (!signatures.every((signature) => signs(signature, bytes, secret))) return refused('message-authenticator');

  const times = attributes.filter(({ type }) => type === ATTRIBUTE_TABLE['Event-Timestamp'].type);
  if (!times.every(({ value }) => value.length === 4)) return refused('attributes');
  const seconds = Math.floor(now.getTime() / 1000);
  if (!times.every(({ value }) => Math.abs(value.readUInt32BE(0) - seconds) <= REPLAY_WINDOW_SECONDS)) {
    return refused('event-timestamp');
  }
  return {
    ok: true,
    request: {
      packet,
      identifier: bytes.readUInt8(PACKET_LAYOUT.identifier),
      authenticator,
      attributes,
      messageAuthenticator: signatures.length > 0,
    },
  };
}

/** `bytes` holds zeros in place of the Request Authenticator, as the formula for requests wants it. */
function signs({ value, valueOffset }: ReceivedAttribute, bytes: Uint8Array, secret: Uint8Array): boolean {
  if (value.length !== AUTHENTICATOR_LENGTH) return false;
  const blank = Buffer.from(bytes);
  blank.fill(0, valueOffset, valueOffset + AUTHENTICATOR_LENGTH);
  return timingSafeEqual(messageAuthenticatorOf(blank, secret), value);
}

function refused(problem: CoaRequestProblem): CoaRequestVerdict {
  return { ok: false, problem };
}
