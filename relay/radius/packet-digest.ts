// The two keyed digests of a RADIUS packet: its authenticator and its Message-Authenticator.

import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Where the fields of a packet lie, in octets: RFC 2865 section 3. */
export const PACKET_LAYOUT = {
  identifier: 1,
  length: 2,
  authenticator: 4,
  attributes: 20,
  maximumLength: 4096,
} as const;

export const AUTHENTICATOR_LENGTH = 16;
export const MESSAGE_AUTHENTICATOR_TYPE = 80;

/** Kept: making the key from the octets costs six times the digest. */
const SECRET_KEYS = new WeakMap<Uint8Array, KeyObject>();

/** MD5 over the packet, which must hold in its authenticator field what the formula wants there, and the secret. */
export function authenticatorOf(packet: Uint8Array, secret: Uint8Array): Buffer {
  return createHash('md5').update(packet).update(secret).digest();
}

/**
 * HMAC-MD5 over the packet, whose Message-Authenticator value must be zero: RFC 3579 section 3.2.
 * @param secret - not to be written to afterwards: what was made of it is kept as long as it is
 */
export function messageAuthenticatorOf(packet: Uint8Array, secret: Uint8Array): Buffer {
  let key = SECRET_KEYS.get(secret);
  if (key === undefined) {
    key = createSecretKey(secret);
    SECRET_KEYS.set(secret, key);
  }
  return createHmac('md5', key).update(packet).digest();
}
