// Encodes and signs the ACK or NAK to a CoA-Request or Disconnect-Request.

import {
  type Attribute,
  authenticatorOf,
  CODE,
  DIGEST_OCTETS,
  datagramOf,
  messageAuthenticatorOf,
  octetsOf,
  TYPE,
} from './radius-packet.ts';
import type { ReceivedCoaRequest } from './read-coa-request.ts';

export type CoaAnswer = { readonly kind: 'ack' } | { readonly kind: 'nak'; readonly errorCause: number };

const ANSWER_CODES = {
  'CoA-Request': { ack: CODE['CoA-ACK'], nak: CODE['CoA-NAK'] },
  'Disconnect-Request': { ack: CODE['Disconnect-ACK'], nak: CODE['Disconnect-NAK'] },
} as const;

/**
 * Both digests are computed over the Request Authenticator (RFC 5176 sections 2.3 and 3.4). A request that carries
 * Message-Authenticator gets an answer with one, in front; the Proxy-States of a request come back (section 3.1).
 */
export function encodeCoaAnswer(request: ReceivedCoaRequest, answer: CoaAnswer, secret: Uint8Array): Buffer {
  const { packet, identifier, authenticator: seed, messageAuthenticator } = request;
  const code = ANSWER_CODES[packet][answer.kind];
  const said: readonly Attribute[] = [
    ...(answer.kind === 'nak' ? [{ type: TYPE.errorCause, value: integer(answer.errorCause) }] : []),
    ...request.attributes.filter(({ type }) => type === TYPE.proxyState),
  ];
  const body = octetsOf(messageAuthenticator ? signed({ code, identifier, said }, seed, secret) : said);
  const authenticator = authenticatorOf({ code, identifier, body }, seed, secret);
  return datagramOf({ code, identifier, authenticator, body });
}

function signed(
  {
    code,
    identifier,
    said,
  }: { readonly code: number; readonly identifier: number; readonly said: readonly Attribute[] },
  seed: Uint8Array,
  secret: Uint8Array,
): readonly Attribute[] {
  const blank = { type: TYPE.messageAuthenticator, value: Buffer.alloc(DIGEST_OCTETS) };
  const value = messageAuthenticatorOf({ code, identifier, attributes: [blank, ...said] }, seed, secret);
  return [{ ...blank, value }, ...said];
}

function integer(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
