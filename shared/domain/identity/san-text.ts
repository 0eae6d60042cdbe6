// The subject alternative names of a certificate as FreeRADIUS 3.2.1 shows them: one text, OpenSSL's way, joined by `,
// ` and not escaped. What of it can be relied on, and what could be a forgery.

import type { CertificateNames } from './access-request.ts';
import { holdsDeviceId } from './prefixed-device-id.ts';

/**
 * FreeRADIUS 3.2.1 cuts the text of an extension after 1,023 bytes, and what stood behind is lost. The cut may fall
 * into a character, which then is lost too.
 */
export const SAN_TEXT_LIMIT_BYTES = 1020;

/** Kinds of names as OpenSSL begins them (X509V3_EXT_print, v3_san.c). A name ends where the next one begins. */
const KINDS = 'URI|DNS|email|othername|IP Address|DirName|Registered ID|X400Name|EdiPartyName';
const NEXT_NAME = new RegExp(`, (?=(?:${KINDS}):)`);
/** What makes a part of a name look like a name of its own, to this reader or to a laxer one. */
const POSES_AS_NAME = new RegExp(`,\\s*(?:${KINDS})\\s*:`, 'i');

/**
 * Kinds of names whose content is sent one by one, or cannot hold a forgery. In any other (a directory name, an XMPP
 * address) the holder of the certificate may have written any text, `, URI:…` included.
 */
const KNOWN_NAME =
  /^(?:URI:|DNS:|email:|othername: UPN::|othername:<unsupported>$|IP Address:[0-9A-Fa-f.:]+$|Registered ID:[0-9.]+$)/;

/** The names a server gives one by one beside the text. */
export function singleNames(certificate: CertificateNames): string[] {
  return [...(certificate.sanDns ?? []), ...(certificate.sanEmail ?? []), ...(certificate.sanUpn ?? [])];
}

/** The names of the text one by one; of a text that was cut all but the last, which may be a part of a name. */
function namesInText(text: string): string[] {
  return text.split(NEXT_NAME).slice(0, Buffer.byteLength(text) >= SAN_TEXT_LIMIT_BYTES ? -1 : undefined);
}

/**
 * In the text alone a URI name looks like a DNS name that contains `, URI:…`. The other names must be given one by one
 * beside it, and none of them may hold what begins another name. Blanks, colons and apostrophes do no harm: devices are
 * called `Jane's iPhone`, and `{{DeviceName}}` puts that into a DNS name.
 */
export function mayHideForgery(text: string, certificate: CertificateNames): boolean {
  const { sanDns, sanEmail, sanUpn } = certificate;
  if (text !== '' && !namesInText(text).every((name) => KNOWN_NAME.test(name))) return true;
  const unlisted =
    (/(?:^|, )DNS:/i.test(text) && !sanDns?.length) ||
    (/(?:^|, )email:/i.test(text) && !sanEmail?.length) ||
    (/(?:^|, )othername:\s*UPN:/i.test(text) && !sanUpn?.length);
  // FreeRADIUS leaves a name that ends in a backslash out of its list, while the text shows it.
  return unlisted || /\\(?:,|$)/.test(text) || singleNames(certificate).some(couldPoseAsAnotherName);
}

/** Enough control characters push a name behind them out of what the server sends. */
function couldPoseAsAnotherName(name: string): boolean {
  return POSES_AS_NAME.test(name) || /\p{Cc}/u.test(name) || holdsDeviceId(name);
}

/**
 * FreeRADIUS 3.2.1 ends a name at a NUL, and then sends the names one by one but no text of them: what is left of such
 * a name is no name. A server that never sends the text leaves the field out, instead of sending it empty.
 */
export function isCutAtNul({ subjectAltName, sanUri, ...certificate }: CertificateNames): boolean {
  return subjectAltName === '' && !sanUri?.length && singleNames(certificate).length > 0;
}

/** Names of a certificate by kind, as far as they can be relied on. */
export interface SanNames {
  readonly uri: readonly string[];
  readonly dns: readonly string[];
  readonly upn: readonly string[];
  readonly email: readonly string[];
}

/**
 * Names one by one. FreeRADIUS joins its lists by commas, which a name itself may hold, and lists no URIs; the text,
 * once it is above suspicion, separates the names.
 */
export function sanNames(certificate: CertificateNames): SanNames {
  const { subjectAltName: text = '', sanUri = [], sanDns = [], sanUpn = [], sanEmail = [] } = certificate;
  if (text === '') return { uri: sanUri, dns: sanDns, upn: sanUpn, email: sanEmail };
  if (mayHideForgery(text, certificate)) return { uri: sanUri, dns: [], upn: [], email: [] };
  const names = namesInText(text);
  const after = (prefix: string): string[] =>
    names.flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []));
  return {
    uri: sanUri.length > 0 ? sanUri : after('URI:'),
    dns: after('DNS:'),
    upn: after('othername: UPN::'),
    email: after('email:'),
  };
}
