// A GUID by itself, in the forms in which directories, scripts and certificate templates write it.

const DASHED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const COMPACT = '[0-9a-f]{32}';

/**
 * Within a URI: Windows writes braces around it; what takes a URI apart and puts it together again ends it with a
 * slash.
 */
export const GUID_IN_URI = `(?:${DASHED}|\\{${DASHED}\\}|${COMPACT}|\\{${COMPACT}\\})/?`;

/** RFC 9562 4 for `urn:uuid:`. */
const PLAIN = new RegExp(`^(?:urn:uuid:)?(?:(${DASHED})|\\{(${DASHED})\\})$`, 'i');
const DIGITS = new RegExp(`^(?:0x)?(?:(${COMPACT})|\\{(${COMPACT})\\})$`, 'i');
/** Sixteen octets in base64, RFC 4648 4 and 5; the padding distinguishes them from a name. */
const BASE64 = /^[A-Za-z0-9+/_-]{21}[AQgw]==$/;
/** RFC 9562 5.4, as Intune and Entra make theirs: version 4, variant 8 to b. */
const RANDOM = /^.{14}4.{4}[89ab]/;

/** With its hyphens, as Intune and Entra both show their ids, also in braces or as a URN. @returns it in lower case */
export function plainGuid(text: string): string | undefined {
  const [, plain, inBraces] = PLAIN.exec(text.trim()) ?? [];
  return (plain ?? inBraces)?.toLowerCase();
}

/**
 * Without hyphens, or as octets: what may be something else as well, a serial number for instance. Hexadecimal digits
 * stand as they are written, octets in base64 as Active Directory keeps an objectGUID (MS-DTYP 2.3.4.2: the first three
 * numbers with their lowest octet first). The other order is taken where only that one makes an id of the usual kind;
 * so a text is one id.
 */
export function compactGuid(text: string): string | undefined {
  const trimmed = text.trim();
  const [, plain, inBraces] = DIGITS.exec(trimmed) ?? [];
  const digits = plain ?? inBraces;
  if (digits !== undefined) return likelier(digits.toLowerCase(), swapped(digits.toLowerCase()));
  if (!BASE64.test(trimmed)) return undefined;
  const octets = Buffer.from(trimmed, 'base64').toString('hex');
  return likelier(swapped(octets), octets);
}

/** In whichever form. */
export function bareGuid(text: string): string | undefined {
  return plainGuid(text) ?? compactGuid(text);
}

function likelier(usual: string, other: string): string {
  const [first, second] = [withHyphens(usual), withHyphens(other)];
  return !RANDOM.test(first) && RANDOM.test(second) ? second : first;
}

/** @param digits 32 of them */
function withHyphens(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function swapped(digits: string): string {
  const octets = Buffer.from(digits, 'hex');
  octets.subarray(0, 4).reverse();
  octets.subarray(4, 6).reverse();
  octets.subarray(6, 8).reverse();
  return octets.toString('hex');
}
