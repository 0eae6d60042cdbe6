// Distinguished names of certificate authorities, compared whatever notation they come in: OpenSSL's one-line form
// (`/O=Contoso/CN=Issuing CA`), that of RFC 4514 (`CN=Issuing CA,O=Contoso`), and Windows' (`CN=Issuing CA, O="Contoso, Inc.", S=WA`).

import { globMatches } from './glob.ts';

const LONGEST_NAME = 1024;
const MOST_PARTS = 32;

/** One attribute under several short names: Windows writes S and E, OpenSSL ST and emailAddress (RFC 4519 2, PKCS #9). */
const SAME_KEY: ReadonlyMap<string, string> = new Map([
  ['s', 'st'],
  ['sp', 'st'],
  ['e', 'emailaddress'],
  ['email', 'emailaddress'],
]);

/**
 * @param pattern parts that the name must have, in any order, each with `*` and `?`; a text without `=` is a common name
 * @param name as a RADIUS server writes it
 */
export function distinguishedNameMatches(pattern: string, name: string): boolean {
  const wanted = partsOf(pattern.includes('=') ? pattern : `CN=${pattern}`);
  const parts = partsOf(name);
  return wanted.length > 0 && wanted.every((part) => parts.some((actual) => globMatches(part, actual)));
}

/** `key=value`, lower case, without blanks around. */
function partsOf(text: string): string[] {
  const name = text.slice(0, LONGEST_NAME).trim();
  const parts = name.startsWith('/') ? name.slice(1).split(/\/(?=[a-z][a-z0-9.]{0,40}=)/i) : unescapedParts(name);
  return parts.slice(0, MOST_PARTS).flatMap((part) => {
    const equals = part.indexOf('=');
    if (equals <= 0) return [];
    const key = part.slice(0, equals).trim().toLowerCase();
    const value = readable(part.slice(equals + 1).trim());
    return `${SAME_KEY.get(key) ?? key}=${value.normalize('NFC').toLowerCase()}`;
  });
}

/** What an attribute begins with: a short name or an object identifier, and the equals sign. */
const ATTRIBUTE = /^\s*[a-z0-9][a-z0-9.-]*\s*=/i;

/**
 * RFC 4514 2.1: parts end at a comma or plus sign that no backslash escapes; RFC 2253 4: nor quotation marks around the value.
 * What stands within them is one value: another part, `CN=…` for instance, is not to be found there. What names no attribute
 * goes on with the part before (`O=Contoso, Inc.`): left out, it would make a pattern fit other names than its author wrote.
 */
function unescapedParts(name: string): string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  for (let at = 0; at < name.length; at++) {
    const character = name.charAt(at);
    if (character === '\\' && /[,+"\\<>;=# ]/.test(name.charAt(at + 1))) part += name.charAt(++at);
    else if (character === '\\' && /^[0-9a-f]{2}$/i.test(name.slice(at + 1, at + 3))) {
      part += `\\x${name.slice(at + 1, at + 3)}`;
      at += 2;
    } else if (character === '"' && (isQuoted || part.trimEnd().endsWith('='))) isQuoted = !isQuoted;
    else if (
      !isQuoted &&
      (character === ',' || character === '+' || character === ';') &&
      ATTRIBUTE.test(name.slice(at + 1))
    ) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part.replace(/[,+;]\s*$/, '')];
}

/** X509_NAME_oneline writes bytes of UTF-8 as `\xHH`, and so does what reads RFC 4514's `\HH`. */
function readable(value: string): string {
  return value.replace(/(?:\\x[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString());
}
