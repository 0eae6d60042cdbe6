// Encodes and signs a CoA-Request or Disconnect-Request.

import { ATTRIBUTE_TABLE, type Attribute, type AttributeDefinition } from './attribute-table.ts';
import { encodeAttribute } from './encode-attribute.ts';
import { encodeFixed, type FixedAttribute } from './fixed-attribute.ts';
import { PACKET_CODE, type RequestPacket } from './packet-code.ts';
import {
  AUTHENTICATOR_LENGTH,
  authenticatorOf,
  MESSAGE_AUTHENTICATOR_TYPE,
  messageAuthenticatorOf,
  PACKET_LAYOUT,
} from './packet-digest.ts';

/** What to ask of a NAS, without what belongs to one transmission (identifier, timestamp, signature). */
export interface CoaRequest {
  readonly packet: RequestPacket;
  readonly attributes: readonly Attribute[];
  /** What the entry of the NAS adds to every kind of packet. */
  readonly fixed?: readonly FixedAttribute[];
}

/** What belongs to one transmission. */
export interface RequestSignature {
  /** 0 to 255. */
  readonly identifier: number;
  readonly secret: Uint8Array;
  /** Puts a Message-Authenticator in front of all other attributes. On by default. */
  readonly messageAuthenticator?: boolean;
}

/**
 * The packet of RFC 5176 section 2.3 before it is signed; signing it cannot make it any longer.
 * @throws RangeError if an attribute cannot be encoded or may not be in this packet, or the packet would exceed 4096
 * octets
 */
export function layOutRequest(options: CoaRequest & Pick<RequestSignature, 'messageAuthenticator'>): Buffer {
  const { packet: name, attributes, fixed = [], messageAuthenticator = true } = options;
  for (const [attribute] of attributes) {
    const { coaOnly }: AttributeDefinition = ATTRIBUTE_TABLE[attribute];
    if (coaOnly && name === 'Disconnect-Request') throw new RangeError(`${attribute} is not allowed in a ${name}`);
  }
  const packet = Buffer.concat([
    Buffer.alloc(PACKET_LAYOUT.attributes),
    ...(messageAuthenticator ? [emptyMessageAuthenticator()] : []),
    ...attributes.map(encodeAttribute),
    ...fixed.map(encodedFixed),
  ]);
  if (packet.length > PACKET_LAYOUT.maximumLength) {
    throw new RangeError(`The ${name} would have ${packet.length} octets; ${PACKET_LAYOUT.maximumLength} are allowed`);
  }
  packet.writeUInt8(PACKET_CODE[name], 0);
  packet.writeUInt16BE(packet.length, PACKET_LAYOUT.length);
  return packet;
}

function encodedFixed(attribute: FixedAttribute): Buffer {
  const encoded = encodeFixed(attribute);
  if (typeof encoded === 'string') throw new RangeError(`${attribute.label} ${encoded}`);
  return encoded;
}

/**
 * Writes identifier and signatures into a packet as it was laid out. Message-Authenticator is computed first, over a
 * Request Authenticator of zeros (RFC 5176 section 3.4), then the Request Authenticator as in an Accounting-Request
 * (RFC 2866 section 3).
 * @throws RangeError if the secret is empty or the identifier is no octet
 */
export function signRequest(
  packet: Buffer,
  { identifier, secret, messageAuthenticator = true }: RequestSignature,
): Buffer {
  if (secret.length === 0) throw new RangeError('The shared secret is empty');
  if (!Number.isInteger(identifier) || identifier < 0 || identifier > 255) {
    throw new RangeError(`${identifier} is not an identifier`);
  }
  packet.writeUInt8(identifier, PACKET_LAYOUT.identifier);
  if (messageAuthenticator) packet.set(messageAuthenticatorOf(packet, secret), PACKET_LAYOUT.attributes + 2);
  packet.set(authenticatorOf(packet, secret), PACKET_LAYOUT.authenticator);
  return packet;
}

function emptyMessageAuthenticator(): Buffer {
  const attribute = Buffer.alloc(AUTHENTICATOR_LENGTH + 2);
  attribute.writeUInt8(MESSAGE_AUTHENTICATOR_TYPE, 0);
  attribute.writeUInt8(attribute.length, 1);
  return attribute;
}
