/** Encodes and signs the ACK or NAK to a CoA-Request or Disconnect-Request. */
import { packetCode } from '../../relay/radius/packet-code.ts';
import {
  authenticatorLength,
  authenticatorOf,
  messageAuthenticatorOf,
  messageAuthenticatorType,
  packetLayout,
} from '../../relay/radius/packet-digest.ts';
import type { ReceivedCoaRequest } from './read-coa-request.ts';

export type CoaAnswer = { readonly kind: 'ack' } | { readonly kind: 'nak'; readonly errorCause: number };

const proxyStateType = 33;
const errorCauseType = 101;

const answerCodes = {
  'CoA-Request': { ack: packetCode['CoA-ACK'], nak: packetCode['CoA-NAK'] },
  'Disconnect-Request': { ack: packetCode['Disconnect-ACK'], nak: packetCode['Disconnect-NAK'] },
} as const;

/**
 * Both digests are computed over the Request Authenticator (RFC 5176 sections 2.3 and 3.4). A request that carries
 * Message-Authenticator gets an answer with one, in front; the Proxy-States of a request come back (section 3.1).
 */
export function encodeCoaAnswer(request: ReceivedCoaRequest, answer: CoaAnswer, secret: Uint8Array): Buffer {
  const packet = Buffer.concat([
    Buffer.alloc(packetLayout.attributes),
    ...(request.messageAuthenticator ? [attribute(messageAuthenticatorType, Buffer.alloc(authenticatorLength))] : []),
    ...(answer.kind === 'nak' ? [attribute(errorCauseType, integer(answer.errorCause))] : []),
    ...request.attributes
      .filter(({ type }) => type === proxyStateType)
      .map(({ type, value }) => attribute(type, value)),
  ]);
  packet.writeUInt8(answerCodes[request.packet][answer.kind], 0);
  packet.writeUInt8(request.identifier, packetLayout.identifier);
  packet.writeUInt16BE(packet.length, packetLayout.length);
  packet.set(request.authenticator, packetLayout.authenticator);
  if (request.messageAuthenticator) packet.set(messageAuthenticatorOf(packet, secret), packetLayout.attributes + 2);
  packet.set(authenticatorOf(packet, secret), packetLayout.authenticator);
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
