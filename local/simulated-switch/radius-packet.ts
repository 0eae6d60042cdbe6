// RADIUS packets of Dynamic Authorization as the switch reads and signs them. Of its own making, from the RFCs: on
// the codec of the relay, which it is the peer of, a fault of that codec would show in no test.

import { createHash, createHmac } from 'node:crypto';

/** RFC 5176 section 2.3. */
export const CODE = {
  'Disconnect-Request': 40,
  'Disconnect-ACK': 41,
  'Disconnect-NAK': 42,
  'CoA-Request': 43,
  'CoA-ACK': 44,
  'CoA-NAK': 45,
} as const;

export type RequestPacket = 'CoA-Request' | 'Disconnect-Request';

/** Types of attributes: RFC 2865 section 5, RFC 2866 section 5, RFC 2869 section 5, RFC 5176 section 3.5. */
export const TYPE = {
  userName: 1,
  nasIpAddress: 4,
  nasPort: 5,
  serviceType: 6,
  vendorSpecific: 26,
  callingStationId: 31,
  nasIdentifier: 32,
  proxyState: 33,
  acctSessionId: 44,
  eventTimestamp: 55,
  messageAuthenticator: 80,
  nasPortId: 87,
  errorCause: 101,
} as const;

/** Cisco's private enterprise number and the type of its AVPair in it. */
export const CISCO = { vendor: 9, avPair: 1 } as const;

/** Code, identifier, length in two octets, and sixteen octets of authenticator: RFC 2865 section 3. */
export const HEADER_OCTETS = 20;
/** Longest packet, in octets. */
export const MOST_OCTETS = 4096;
/** Of an authenticator and of a Message-Authenticator. */
export const DIGEST_OCTETS = 16;
const ZEROS = Buffer.alloc(DIGEST_OCTETS);

export interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

export interface Packet {
  readonly code: number;
  readonly identifier: number;
  /** Sixteen octets. */
  readonly authenticator: Buffer;
  /** All attributes as they came. */
  readonly body: Buffer;
}

/** @returns `undefined` for octets in which attributes do not follow each other to the end (RFC 2865 section 5) */
export function attributesOf(body: Buffer): readonly Attribute[] | undefined {
  const attributes: Attribute[] = [];
  let rest = body;
  while (rest.length > 0) {
    const [type, length] = rest;
    if (type === undefined || length === undefined || length < 2 || length > rest.length) return undefined;
    attributes.push({ type, value: rest.subarray(2, length) });
    rest = rest.subarray(length);
  }
  return attributes;
}

export function octetsOf(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(attributes.flatMap(({ type, value }) => [Buffer.of(type, value.length + 2), value]));
}

/**
 * MD5 over the packet with `seed` in place of its authenticator, and the secret: zeros for a request, the authenticator
 * of the request for its answer (RFC 5176 section 2.3).
 */
export function authenticatorOf(packet: Omit<Packet, 'authenticator'>, seed: Uint8Array, secret: Uint8Array): Buffer {
  return createHash('md5').update(headOf(packet)).update(seed).update(packet.body).update(secret).digest();
}

/** The same over a request, with zeros. */
export function requestAuthenticatorOf(packet: Omit<Packet, 'authenticator'>, secret: Uint8Array): Buffer {
  return authenticatorOf(packet, ZEROS, secret);
}

/**
 * HMAC-MD5 over the packet as it is signed, with zeros for each Message-Authenticator (RFC 3579 section 3.2, RFC 5176
 * section 3.4).
 * @param seed what stands in place of the authenticator; zeros for a request
 */
export function messageAuthenticatorOf(
  packet: Pick<Packet, 'code' | 'identifier'> & { readonly attributes: readonly Attribute[] },
  seed: Uint8Array | undefined,
  secret: Uint8Array,
): Buffer {
  const body = octetsOf(
    packet.attributes.map((each) => (each.type === TYPE.messageAuthenticator ? { ...each, value: ZEROS } : each)),
  );
  return createHmac('md5', secret)
    .update(headOf({ ...packet, body }))
    .update(seed ?? ZEROS)
    .update(body)
    .digest();
}

/** A whole packet. */
export function datagramOf({ authenticator, ...packet }: Packet): Buffer {
  return Buffer.concat([headOf(packet), authenticator, packet.body]);
}

function headOf({ code, identifier, body }: Omit<Packet, 'authenticator'>): Buffer {
  const length = HEADER_OCTETS + body.length;
  return Buffer.of(code, identifier, length >> 8, length & 0xff);
}
