// The two keyed digests of a RADIUS packet: its authenticator and its Message-Authenticator.

import { createHash, createHmac } from 'node:crypto';

/** Where the fields of a packet lie, in octets: RFC 2865 section 3. */
export const packetLayout = {
  identifier: 1,
  length: 2,
  authenticator: 4,
  attributes: 20,
  maximumLength: 4096,
} as const;

export const authenticatorLength = 16;
export const messageAuthenticatorType = 80;

/** MD5 over the packet, which must hold in its authenticator field what the formula wants there, and the secret. */
export function authenticatorOf(packet: Uint8Array, secret: Uint8Array): Buffer {
  return createHash('md5').update(packet).update(secret).digest();
}

/** HMAC-MD5 over the packet, whose Message-Authenticator value must be zero: RFC 3579 section 3.2. */
export function messageAuthenticatorOf(packet: Uint8Array, secret: Uint8Array): Buffer {
  return createHmac('md5', secret).update(packet).digest();
}
