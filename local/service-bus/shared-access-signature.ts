// The key clients sign their requests for access with, and the check of such a signature.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const ACCESS_KEY_NAME = 'RootManageSharedAccessKey';

export function newAccessKey(): string {
  return randomBytes(32).toString('base64');
}

/** `SharedAccessSignature sr=<resource>&sig=<signature>&se=<expiry in seconds>&skn=<key name>` */
export function isValidSignature(token: string, accessKey: string, now: number): boolean {
  const [scheme, fields] = token.split(' ', 2);
  if (scheme !== 'SharedAccessSignature' || fields === undefined) return false;
  // The signature covers the resource as it is written here, so with its escapes.
  const values = new Map(fields.split('&').map((field) => [beforeEquals(field), field.slice(field.indexOf('=') + 1)]));
  const [resource, expiry, signature, keyName] = ['sr', 'se', 'sig', 'skn'].map((name) => values.get(name) ?? '');
  if (decode(keyName) !== ACCESS_KEY_NAME || !(Number(expiry) * 1000 > now)) return false;
  const expected = createHmac('sha256', accessKey).update(`${resource}\n${expiry}`).digest();
  const given = Buffer.from(decode(signature), 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function beforeEquals(field: string): string {
  return field.slice(0, field.indexOf('='));
}

function decode(value = ''): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}
