// Encodes and signs the ACK or NAK to a CoA-Request or Disconnect-Request.

import { PACKET_CODE } from '../../relay/radius/packet-code.ts';
import {
  AUTHENTICATOR_LENGTH,
  authenticatorOf,
  MESSAGE_AUTHENTICATOR_TYPE,
  messageAuthenticatorOf,
  PACKET_LAYOUT,
} from '../../relay/radius/packet-digest.ts';
import type { ReceivedCoaRequest } from './read-coa-request.ts';

export type CoaAnswer = { readonly kind: 'ack' } | { readonly kind: 'nak'; readonly errorCause: number };

const PROXY_STATE_TYPE = 33;
const ERROR_CAUSE_TYPE = 101;

const ANSWER_CODES = {
  'CoA-Request': { ack: PACKET_CODE['CoA-ACK'], nak: PACKET_CODE['CoA-NAK'] },
  'Disconnect-Request': { ack: PACKET_CODE['Disconnect-ACK'], nak: PACKET_CODE['Disconnect-NAK'] },
} as const;

/**
 * Both digests are computed over the Request Authenticator (RFC 5176 sections 2.3 and 3.4). A request that carries
 * Message-Authenticator gets an answer with one, in front; the Proxy-States of a request come back (section 3.1).
 */
export function encodeCoaAnswer(request: ReceivedCoaRequest, answer: CoaAnswer, secret: Uint8Array): Buffer {
  const packet = Buffer.concat([
    Buffer.alloc(PACKET_LAYOUT.attributes),
    ...(request.messageAuthenticator
      ? [attribute(MESSAGE_AUTHENTICATOR_TYPE, Buffer.alloc(AUTHENTICATOR_LENGTH))]
      : []),
    ...(answer.kind === 'nak' ? [attribute(ERROR_CAUSE_TYPE, integer(answer.errorCause))] : []),
    ...request.attributes
      .filter(({ type }) => type === PROXY_STATE_TYPE)
      .map(({ type, value }) => attribute(type, value)),
  ]);
  packet.writeUInt8(ANSWER_CODES[request.packet][answer.kind], 0);
  packet.writeUInt8(request.identifier, PACKET_LAYOUT.identifier);
  packet.writeUInt16BE(packet.length, PACKET_LAYOUT.length);
  packet.set(request.authenticator, PACKET_LAYOUT.authenticator);
  if (request.messageAuthenticator) packet.set(messageAuthenticatorOf(packet, secret), PACKET_LAYOUT.attributes + 2);
  packet.set(authenticatorOf(packet, secret), PACKET_LAYOUT.authenticator);
  return packet;
}

function attribute(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type, value.length + 2), value]);
}

function integer(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
