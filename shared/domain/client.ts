// Clients: who may ask. Each belongs to one site and has a secret of 256 random bits of its own, or two while the
// secret is being rotated.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Instant } from './instant.ts';

/** What a client is for; permission.ts says what each kind may do. An ISE node asks by Cisco's MDM API only. */
export const CLIENT_KINDS = ['radius', 'auditor', 'operator', 'administrator', 'ise'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export interface Client {
  readonly name: string;
  readonly site: string;
  /** An auditor or operator of every site; an administrator always is. */
  readonly everySite?: boolean;
  readonly kind: ClientKind;
  /** Secret of the site, 64 hexadecimal digits: keys the ids of its sessions. */
  readonly sessionKey: string;
  readonly credentials: readonly ClientCredential[];
}

/** HMAC-SHA256 over the secret, keyed with the salt; both hexadecimal. The secret itself is kept nowhere. */
export interface ClientCredential {
  readonly salt: string;
  readonly hmac: string;
  readonly createdAt: Instant;
}

/** Names of clients and sites: safe in keys, headers and logs. */
export function isClientOrSiteName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(text);
}

/** Both stay valid until the older one is retired, so that a rotation interrupts no client. */
const MOST_CREDENTIALS = 2;

/** The newest ones only: a second rotation ends what the first had left. */
export function withNewCredential(
  credentials: readonly ClientCredential[],
  added: ClientCredential,
): ClientCredential[] {
  return [added, ...newestFirst(credentials)].slice(0, MOST_CREDENTIALS);
}

/** Ends a rotation. */
export function withoutOlderCredentials(credentials: readonly ClientCredential[]): ClientCredential[] {
  return newestFirst(credentials).slice(0, 1);
}

function newestFirst(credentials: readonly ClientCredential[]): ClientCredential[] {
  return [...credentials].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** What the RADIUS proxy sends: `<client name>.<secret, 64 hexadecimal digits>`. */
export function formatApiKey(clientName: string, secret: string): string {
  return `${clientName}.${secret}`;
}

/** `undefined` when the text has not the form of an API key. */
export function parseApiKey(text: string): { readonly clientName: string; readonly secret: string } | undefined {
  const match = /^([a-z0-9][a-z0-9-]{0,39})\.([0-9a-f]{64})$/.exec(text);
  return match?.[1] && match[2] ? { clientName: match[1], secret: match[2] } : undefined;
}

/** @param salt 32 random hexadecimal digits */
export function credentialFor(secret: string, salt: string, createdAt: Instant): ClientCredential {
  return { salt, hmac: hmac(secret, salt).toString('hex'), createdAt };
}

/** Compares in constant time, and every credential, so that the time taken gives nothing away. */
export function secretMatches(client: Client, secret: string): boolean {
  let matches = false;
  for (const credential of client.credentials) {
    const bytes = Buffer.from(credential.hmac, 'hex');
    const actual = createHmac('sha256', keyOf(credential)).update(secret).digest();
    matches = (bytes.length === actual.length && timingSafeEqual(bytes, actual)) || matches;
  }
  return matches;
}

/** Salts as keys: to make one costs four times the HMAC. They go with the client that was read. */
const KEYS = new WeakMap<ClientCredential, KeyObject>();

function keyOf(credential: ClientCredential): KeyObject {
  const known = KEYS.get(credential);
  if (known !== undefined) return known;
  const key = createSecretKey(Buffer.from(credential.salt, 'hex'));
  KEYS.set(credential, key);
  return key;
}

function hmac(secret: string, salt: string): Buffer {
  return createHmac('sha256', Buffer.from(salt, 'hex')).update(secret).digest();
}
