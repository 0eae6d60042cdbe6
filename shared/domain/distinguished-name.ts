// Distinguished names of certificate authorities, compared whatever notation they come in: OpenSSL's one-line form
// (`/O=Contoso/CN=Issuing CA`) and that of RFC 4514 (`CN=Issuing CA,O=Contoso`).

import { globMatches } from './glob.ts';

const LONGEST_NAME = 1024;
const MOST_PARTS = 32;

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
    const key = part.slice(0, equals).trim();
    return `${key}=${readable(part.slice(equals + 1).trim())}`.toLowerCase();
  });
}

/** RFC 4514 2.1: parts end at a comma or plus sign that no backslash escapes. */
function unescapedParts(name: string): string[] {
  const parts = [''];
  for (let at = 0; at < name.length; at++) {
    const character = name.charAt(at);
    if (character === '\\' && /[,+"\\<>;=# ]/.test(name.charAt(at + 1))) parts.push(parts.pop() + name.charAt(++at));
    else if (character === ',' || character === '+' || character === ';') parts.push('');
    else parts.push(parts.pop() + character);
  }
  return parts;
}

/** X509_NAME_oneline writes bytes of UTF-8 as `\xHH`. */
function readable(value: string): string {
  return value.replace(/(?:\\x[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString());
}
