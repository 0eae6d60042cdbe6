// The common names of a certificate: the one that the server gives, and those of the subject. A name that was cut is
// none.

import type { CertificateNames } from './access-request.ts';

/** X.520 allows 64 characters; OpenSSL's and FreeRADIUS' buffers begin to cut far above. */
const LONGEST_COMMON_NAME = 64;
const MOST_COMMON_NAMES = 5;

export interface CommonNames {
  readonly names: readonly string[];
  /** The server shows less of the name than the certificate has, as FreeRADIUS does behind a NUL. */
  readonly cut: boolean;
}

/** A subject may have several common names (a MAC address, then an id); each may hold the id. */
export function commonNames({ commonName = '', furtherCommonNames = [], subject = '' }: CertificateNames): CommonNames {
  if (isCut(commonName, subject)) return { names: [], cut: true };
  const given = [commonName, ...furtherCommonNames].filter((name) => name !== '');
  const others = commonName === '' ? [] : behind(commonName, subject);
  return { names: [...new Set([...given, ...others])].slice(0, MOST_COMMON_NAMES), cut: false };
}

/** The subject shows a NUL as `\x00`, and whole what the name shows a part of. */
function isCut(commonName: string, subject: string): boolean {
  if (/\\x00|\0/i.test(subject) || commonName.includes('\0')) return true;
  if (commonName === '') return false;
  const ends = [...new Set([commonName, inOneLine(commonName)])].flatMap((name) => endsOf(name, subject));
  // A subject in another notation or encoding shows no such name, and then proves nothing.
  return ends.length > 0 && !ends.some((end) => end === '' || /^\s*[/,+;\n]/.test(end));
}

/** What stands behind each `CN=<name>` of the subject. */
function endsOf(name: string, subject: string): string[] {
  const ends: string[] = [];
  for (const key of ['CN=', 'CN = ', 'cn=']) {
    for (let at = subject.indexOf(key + name); at >= 0; at = subject.indexOf(key + name, at + key.length)) {
      ends.push(subject.slice(at + key.length + name.length, at + key.length + name.length + 8));
    }
  }
  return ends;
}

/**
 * The common names that follow the given one directly in OpenSSL's one-line form (`/O=x/CN=given/CN=next`). Nothing
 * there is escaped, so another attribute could hold `/CN=…`: then the given name stands there twice, or not before it.
 */
function behind(commonName: string, subject: string): string[] {
  if (commonName.length > LONGEST_COMMON_NAME || commonName.includes('/')) return [];
  const [, following, ...repeated] = `${subject}/`.split(`/CN=${inOneLine(commonName)}/`);
  if (following === undefined || repeated.length > 0) return [];
  const names: string[] = [];
  for (const part of following.split('/')) {
    if (!part.startsWith('CN=')) break;
    names.push(part.slice('CN='.length));
  }
  return names;
}

/** X509_NAME_oneline writes each byte that is not printable ASCII as `\xHH`. */
function inOneLine(text: string): string {
  let written = '';
  for (const byte of Buffer.from(text)) {
    written +=
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return written;
}
