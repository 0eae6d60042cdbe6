// Distinguished names of certificate authorities, comparable in all their notations: OpenSSL's one-line form
// (`/O=Contoso/CN=Issuing CA`), RFC 4514 (`CN=Issuing CA,O=Contoso`), Windows (`CN=Issuing CA, O="Contoso, Inc.",
// S=WA`).

import { globMatches } from './glob.ts';

const LONGEST_NAME = 1024;
const MOST_PARTS = 32;

/**
 * Attributes of distinguished names by the short names of OpenSSL, each with what else it is called: by Windows (S, E,
 * G), in full (RFC 4519 2, PKCS #9) and as object identifier. A server writes one of these, a policy's author another.
 */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  cn: ['commonname', '2.5.4.3'],
  sn: ['surname', '2.5.4.4'],
  serialnumber: ['2.5.4.5'],
  c: ['countryname', '2.5.4.6'],
  l: ['localityname', '2.5.4.7'],
  st: ['s', 'sp', 'stateorprovincename', '2.5.4.8'],
  street: ['streetaddress', '2.5.4.9'],
  o: ['organizationname', '2.5.4.10'],
  ou: ['organizationalunitname', '2.5.4.11'],
  title: ['t', '2.5.4.12'],
  description: ['2.5.4.13'],
  businesscategory: ['2.5.4.15'],
  postaladdress: ['2.5.4.16'],
  postalcode: ['2.5.4.17'],
  postofficebox: ['2.5.4.18'],
  telephonenumber: ['phone', '2.5.4.20'],
  name: ['2.5.4.41'],
  gn: ['g', 'givenname', '2.5.4.42'],
  initials: ['i', '2.5.4.43'],
  generationqualifier: ['2.5.4.44'],
  x500uniqueidentifier: ['2.5.4.45'],
  dnqualifier: ['2.5.4.46'],
  pseudonym: ['2.5.4.65'],
  role: ['2.5.4.72'],
  organizationidentifier: ['2.5.4.97'],
  uid: ['userid', '0.9.2342.19200300.100.1.1'],
  mail: ['0.9.2342.19200300.100.1.3'],
  dc: ['domaincomponent', '0.9.2342.19200300.100.1.25'],
  emailaddress: ['e', 'email', '1.2.840.113549.1.9.1'],
  unstructuredname: ['1.2.840.113549.1.9.2'],
  unstructuredaddress: ['1.2.840.113549.1.9.8'],
  jurisdictionl: ['jurisdictionlocalityname', '1.3.6.1.4.1.311.60.2.1.1'],
  jurisdictionst: ['jurisdictionstateorprovincename', '1.3.6.1.4.1.311.60.2.1.2'],
  jurisdictionc: ['jurisdictioncountryname', '1.3.6.1.4.1.311.60.2.1.3'],
};
const SAME_KEY: ReadonlyMap<string, string> = new Map(
  Object.entries(ATTRIBUTES).flatMap(([key, others]) => [key, ...others].map((other) => [other, key])),
);
const OBJECT_IDENTIFIER = /^\d+(?:\.\d+)+$/;

/**
 * @param pattern parts that the name must have, in any order, each with `*` and `?`; a text without `=` is a common
 * name
 * @param name as a RADIUS server writes it
 */
export function distinguishedNameMatches(pattern: string, name: string): boolean {
  const wanted = partsOf(pattern.includes('=') ? pattern : `CN=${pattern}`);
  const parts = partsOf(name);
  return wanted.length > 0 && wanted.every((part) => parts.some((actual) => globMatches(part, actual)));
}

/** Whether a server wrote a whole name, of which nothing would be left out when it is compared. */
export function isDistinguishedName(name: string): boolean {
  const parts = partsOf(name);
  return name.length <= LONGEST_NAME && parts.length > 0 && parts.length <= MOST_PARTS;
}

/** @returns why no name can have all parts of the pattern, as the end of a sentence; `undefined` where one can */
export function issuerPatternProblem(pattern: string): string | undefined {
  const written = pattern.includes('=') ? pattern : `CN=${pattern}`;
  const parts = writtenParts(written);
  if (parts.length > MOST_PARTS) return `has more than ${MOST_PARTS} parts.`;
  if (unescaped(written).isQuoted) return 'can never match: a quotation mark is not closed.';
  // The notations mixed: what follows would be looked for within the value of the part before.
  const other = written.trim().startsWith('/')
    ? /[,;+] *([a-z0-9.]{0,41}) *=/i
    : /(?:\/|[,;+] *(?==))([a-z0-9.]{0,41})=/i;
  for (const part of parts) {
    const { key, value } = keyAndValue(part) ?? { key: '', value: '' };
    const shown = part.trim().slice(0, 40);
    if (!isAttribute(key)) return `can never match: "${shown}" begins with no attribute of a name such as CN, O or DC.`;
    if (value === '') return `can never match: "${shown}" has no value.`;
    const inside = /["\\]/.test(written) ? undefined : other.exec(value)?.[1];
    if (inside === '' || (inside !== undefined && isAttribute(comparableKey(inside)))) {
      return `can never match: "${shown}" holds another equals sign, write "CN=…,O=…" or "/O=…/CN=…".`;
    }
  }
  return undefined;
}

function isAttribute(key: string): boolean {
  if (OBJECT_IDENTIFIER.test(key) || Object.hasOwn(ATTRIBUTES, key)) return true;
  return /[*?]/.test(key) && Object.keys(ATTRIBUTES).some((known) => globMatches(key, known));
}

/** `key=value`, lower case, without blanks around. */
function partsOf(text: string): string[] {
  return writtenParts(text.slice(0, LONGEST_NAME))
    .slice(0, MOST_PARTS + 1)
    .flatMap((part) => {
      const { key, value } = keyAndValue(part) ?? {};
      return key === undefined || value === undefined ? [] : `${key}=${value}`;
    });
}

function writtenParts(text: string): string[] {
  const name = text.trim();
  return name.startsWith('/') ? name.slice(1).split(/\/(?=[a-z0-9][a-z0-9.]{0,40}=)/i) : unescaped(name).parts;
}

function keyAndValue(part: string): { readonly key: string; readonly value: string } | undefined {
  const equals = part.indexOf('=');
  if (equals <= 0) return undefined;
  const value = readable(part.slice(equals + 1).trim());
  return { key: comparableKey(part.slice(0, equals)), value: value.normalize('NFC').toLowerCase() };
}

/** Windows writes `OID.2.5.4.5` for what it has no short name for. */
function comparableKey(written: string): string {
  const key = written
    .trim()
    .toLowerCase()
    .replace(/^oid\./, '');
  return SAME_KEY.get(key) ?? key;
}

/** What an attribute begins with: a short name or an object identifier, and the equals sign. */
const ATTRIBUTE = /^\s*[a-z0-9][a-z0-9.-]*\s*=/i;

/**
 * RFC 4514 2.1: parts end at a comma or plus sign that no backslash escapes; RFC 2253 4: nor quotation marks around the
 * value. What stands within them is one value: another part, `CN=…` for instance, is not to be found there. What names
 * no attribute goes on with the part before (`O=Contoso, Inc.`): left out, it would make a pattern fit other names than
 * its author wrote.
 */
function unescaped(name: string): { readonly parts: string[]; readonly isQuoted: boolean } {
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
  return { parts: [...parts, part.replace(/[,+;]\s*$/, '')], isQuoted };
}

/** X509_NAME_oneline writes bytes of UTF-8 as `\xHH`, and so does what reads RFC 4514's `\HH`. */
function readable(value: string): string {
  return value.replace(/(?:\\x[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString());
}
