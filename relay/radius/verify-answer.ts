// Decides whether a received datagram is the NAS' answer to a request, and reads it. Everything received is hostile.

import { timingSafeEqual } from 'node:crypto';
import { type ErrorCause, errorCause } from './error-cause.ts';
import { PACKET_CODE } from './packet-code.ts';
import {
  AUTHENTICATOR_LENGTH,
  authenticatorOf,
  MESSAGE_AUTHENTICATOR_TYPE,
  messageAuthenticatorOf,
  PACKET_LAYOUT,
} from './packet-digest.ts';
import { type ReceivedAttribute, readAttributes } from './read-attributes.ts';

/**
 * Why a datagram is not the answer:
 * - `too-short`: less than 20 octets
 * - `length`: its Length field is below 20, above 4096, or above the octets received
 * - `identifier`: it answers another request
 * - `code`: it is no answer to this kind of request
 * - `authenticator`: the Response Authenticator is wrong: another secret, altered on the way, or forged
 * - `attributes`: signed rightly, but the attributes are malformed
 * - `message-authenticator`: signed rightly, but Message-Authenticator is wrong, of another length, or there twice
 */
export type RefusalReason =
  | 'too-short'
  | 'length'
  | 'identifier'
  | 'code'
  | 'authenticator'
  | 'attributes'
  | 'message-authenticator';

export interface Answer {
  readonly kind: 'ack' | 'nak';
  /** The first one, where there are several. */
  readonly errorCause?: ErrorCause;
  readonly attributes: readonly ReceivedAttribute[];
  /** `legacy-zero`: computed over zeros instead of the Request Authenticator, and accepted because that was allowed. */
  readonly messageAuthenticator: 'absent' | 'valid' | 'legacy-zero';
}

export type AnswerVerdict =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly reason: RefusalReason };

export interface VerifyAnswerOptions {
  /** The request as it was sent. */
  readonly request: Uint8Array;
  readonly datagram: Uint8Array;
  readonly secret: Uint8Array;
  /**
   * Also accept a Message-Authenticator computed over an authenticator of zeros, as FreeRADIUS 3.2.1 does in answers.
   * The Response Authenticator has to be right in any case. Off by default.
   */
  readonly legacyZeroMessageAuthenticator?: boolean;
}

const ERROR_CAUSE_TYPE = 101;
const ACKNOWLEDGED_BY = new Map<number, number>([
  [PACKET_CODE['Disconnect-Request'], PACKET_CODE['Disconnect-ACK']],
  [PACKET_CODE['CoA-Request'], PACKET_CODE['CoA-ACK']],
]);
const REFUSED_BY = new Map<number, number>([
  [PACKET_CODE['Disconnect-Request'], PACKET_CODE['Disconnect-NAK']],
  [PACKET_CODE['CoA-Request'], PACKET_CODE['CoA-NAK']],
]);

/**
 * Verifies by RFC 5176 sections 2.3 and 3.4; digests are compared in constant time, and nothing but the header is
 * looked at before the Response Authenticator has proved right. Octets after the packet's length are padding and
 * ignored (RFC 2865 section 3). Never throws, for any datagram.
 */
export function verifyAnswer(options: VerifyAnswerOptions): AnswerVerdict {
  const { request, datagram, secret } = options;
  if (datagram.length < PACKET_LAYOUT.attributes) return refused('too-short');
  // A copy: its authenticator field is overwritten below, and what is read from it must not change later.
  const received = Buffer.from(datagram);
  const length = received.readUInt16BE(PACKET_LAYOUT.length);
  if (length < PACKET_LAYOUT.attributes || length > PACKET_LAYOUT.maximumLength || length > received.length) {
    return refused('length');
  }
  const packet = received.subarray(0, length);
  if (packet[PACKET_LAYOUT.identifier] !== request[PACKET_LAYOUT.identifier]) return refused('identifier');
  const kind = answerKind(request, packet);
  if (kind === undefined) return refused('code');

  const authenticator = Buffer.from(authenticatorField(packet));
  packet.set(authenticatorField(request), PACKET_LAYOUT.authenticator);
  if (!timingSafeEqual(authenticatorOf(packet, secret), authenticator)) return refused('authenticator');

  const attributes = readAttributes(packet, PACKET_LAYOUT.attributes);
  if (attributes === undefined) return refused('attributes');
  const messageAuthenticator = checkMessageAuthenticator(packet, attributes, options);
  if (messageAuthenticator === 'wrong') return refused('message-authenticator');
  const causes = attributes.filter(({ type }) => type === ERROR_CAUSE_TYPE);
  if (causes.some(({ value }) => value.length !== 4)) return refused('attributes');
  const cause = causes[0]?.value.readUInt32BE(0);
  return {
    ok: true,
    answer: {
      kind,
      attributes,
      messageAuthenticator,
      ...(cause === undefined ? {} : { errorCause: errorCause(cause) }),
    },
  };
}

function refused(reason: RefusalReason): AnswerVerdict {
  return { ok: false, reason };
}

function answerKind([requested = 0]: Uint8Array, [answered = 0]: Uint8Array): Answer['kind'] | undefined {
  if (ACKNOWLEDGED_BY.get(requested) === answered) return 'ack';
  return REFUSED_BY.get(requested) === answered ? 'nak' : undefined;
}

function authenticatorField(packet: Uint8Array): Uint8Array {
  return packet.subarray(PACKET_LAYOUT.authenticator, PACKET_LAYOUT.authenticator + AUTHENTICATOR_LENGTH);
}

/** `packet` holds the Request Authenticator, as the formula for answers wants it. */
function checkMessageAuthenticator(
  packet: Buffer,
  attributes: readonly ReceivedAttribute[],
  { secret, legacyZeroMessageAuthenticator = false }: VerifyAnswerOptions,
): Answer['messageAuthenticator'] | 'wrong' {
  const [found, second] = attributes.filter(({ type }) => type === MESSAGE_AUTHENTICATOR_TYPE);
  if (found === undefined) return 'absent';
  if (second !== undefined || found.value.length !== AUTHENTICATOR_LENGTH) return 'wrong';
  const blank = Buffer.from(packet);
  blank.fill(0, found.valueOffset, found.valueOffset + AUTHENTICATOR_LENGTH);
  if (timingSafeEqual(messageAuthenticatorOf(blank, secret), found.value)) return 'valid';
  if (!legacyZeroMessageAuthenticator) return 'wrong';
  authenticatorField(blank).fill(0);
  return timingSafeEqual(messageAuthenticatorOf(blank, secret), found.value) ? 'legacy-zero' : 'wrong';
}
