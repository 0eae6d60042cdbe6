// The subject alternative names of a certificate as FreeRADIUS 3.2.1 shows them: one text, OpenSSL's way, joined by `, ` and not
// escaped. What of it can be relied on, and what could be a forgery.

import type { CertificateNames } from './access-request.ts';

/**
 * FreeRADIUS 3.2.1 cuts the text of an extension after 1,023 bytes, and what stood behind is lost. The cut may fall into
 * a character, which then is lost too.
 */
export const SAN_TEXT_LIMIT_BYTES = 1020;

/**
 * Kinds of names whose content is sent one by one, or cannot hold a forgery. In any other (a directory name, an XMPP
 * address) the holder of the certificate may have written what he likes, `, URI:…` included.
 */
const KNOWN_NAME = /^(?:URI:|DNS:|email:|othername: UPN::|othername:<unsupported>$|IP Address:[0-9A-Fa-f.:]+$)/;

/** The names a server gives one by one beside the text. */
export function singleNames(certificate: CertificateNames): string[] {
  return [...(certificate.sanDns ?? []), ...(certificate.sanEmail ?? []), ...(certificate.sanUpn ?? [])];
}

/**
 * The text alone cannot tell a URI name from a DNS name that contains `, URI:…`. The other names must be given one by one
 * beside it, and be what such names are.
 */
export function couldHideAForgery(text: string, certificate: CertificateNames): boolean {
  const { sanDns, sanEmail, sanUpn } = certificate;
  // What stands behind the cut is not known, and neither is the kind of a name that was cut in its first characters.
  const names = text.split(', ').slice(0, Buffer.byteLength(text) >= SAN_TEXT_LIMIT_BYTES ? -1 : undefined);
  if (text !== '' && !names.every((name) => KNOWN_NAME.test(name))) return true;
  const unlisted =
    (/(?:^|, )DNS:/i.test(text) && !sanDns?.length) ||
    (/(?:^|, )email:/i.test(text) && !sanEmail?.length) ||
    (/(?:^|, )othername:\s*UPN:/i.test(text) && !sanUpn?.length);
  // FreeRADIUS leaves a name that ends in a backslash out of its list, while the text shows it.
  return unlisted || text.includes('\\') || singleNames(certificate).some(couldPoseAsAnotherName);
}

/**
 * No DNS, e-mail or UPN name needs a blank, a colon, a backslash or a control character; `x, URI:ID:…` in one of them is a
 * forgery, and enough control characters push a name behind them out of what the server sends.
 */
function couldPoseAsAnotherName(name: string): boolean {
  return /[\s:\\\p{Cc}]/u.test(name);
}

/**
 * DNS and UPN names one by one. FreeRADIUS joins its lists by commas, which a name itself may hold; the text, once it is
 * above suspicion, tells names apart.
 */
export function dnsAndUpnNames(certificate: CertificateNames): { readonly dns: string[]; readonly upn: string[] } {
  const { subjectAltName: text, sanDns = [], sanUpn = [] } = certificate;
  if (text === undefined) return { dns: [...sanDns], upn: [...sanUpn] };
  if (couldHideAForgery(text, certificate)) return { dns: [], upn: [] };
  const cut = Buffer.byteLength(text) >= SAN_TEXT_LIMIT_BYTES;
  const names = text.split(', ').slice(0, cut ? -1 : undefined);
  const after = (prefix: string): string[] =>
    names.flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []));
  return { dns: after('DNS:'), upn: after('othername: UPN::') };
}
