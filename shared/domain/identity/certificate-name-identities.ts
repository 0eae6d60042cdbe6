// What a certificate without a device id says of its device: computer name, address, hardware numbers.

import { plainGuid } from '../guid-forms.ts';
import { canIdentifyDevice, parseMacAddress } from '../mac-address.ts';
import { computerNames, nameBeforeDomain } from './computer-name.ts';
import type { IdentityKind, PresentedIdentity } from './identity.ts';

/**
 * Names as profiles make them: `{{DeviceName}}` with or without domain in common name, SAN DNS and SAN UPN; the common
 * name also as `{{WiFiMacAddress}}`, `{{SerialNumber}}`, `{{IMEI}}`, `{{MEID}}` or a UDID.
 * @param commonNames of the certificate, whole
 * @param domains of computers, where they are declared
 */
export function namedIdentities(
  commonNames: readonly string[],
  { dns, upn }: { readonly dns: readonly string[]; readonly upn: readonly string[] },
  domains?: readonly string[],
): PresentedIdentity[] {
  const ofComputers = (texts: readonly string[], origin: string): PresentedIdentity[] =>
    texts.flatMap((text) => computerNames(text, domains).flatMap((name) => spellings(name, origin)));
  return [
    ...ofComputers(commonNames, 'CN'),
    ...ofComputers(dns, 'SAN DNS'),
    // A user principal name with a dollar sign is a computer's for sure.
    ...ofComputers(
      upn.filter((name) => /^[^@]+\$(?:@|$)/.test(name)),
      'SAN UPN',
    ),
    ...commonNames.flatMap(hardware),
    // Without it a name stands last: it is a person's more often than a device's.
    ...upn.flatMap((name) => nameBeforeDomain(name, domains)).flatMap((name) => spellings(name, 'SAN UPN')),
  ];
}

/** Apple writes a curly apostrophe, which a DNS name cannot hold. */
function spellings(name: string, origin: string): PresentedIdentity[] {
  const others = [name.replaceAll("'", '’'), name.replaceAll('’', "'")];
  return [...new Set([name, ...others])].map((value) => named('name', value, origin));
}

/** Which of Intune's hardware identifiers the text could be, by its form. */
function hardware(text: string): PresentedIdentity[] {
  const value = text.trim().toLowerCase();
  if (plainGuid(value)) return [];
  const mac = parseMacAddress(value);
  const found = mac !== undefined && canIdentifyDevice(mac) ? [named('mac', mac, 'CN')] : [];
  const digits = value.replace(/[\s-]/g, '');
  if (/^\d{15}$/.test(digits)) return [...found, named('imei', digits, 'CN'), ...serialNumbers(value)];
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f]{16})$/.test(value)) return [...found, named('udid', value, 'CN')];
  if (/^[0-9a-f]{14}$/.test(digits)) return [...found, named('meid', digits, 'CN'), ...serialNumbers(value)];
  return [...found, ...serialNumbers(value)];
}

/** Makers write them with blanks, colons, dots and hyphens (`VMware-56 4d 9f …`), and agents leave the blanks out. */
function serialNumbers(text: string): PresentedIdentity[] {
  if (!/^[^\p{Cc}\\/@$]{4,64}$/u.test(text)) return [];
  return [...new Set([text, text.replace(/\s/g, '')])].map((value) => named('serialNumber', value, 'CN'));
}

function named(kind: IdentityKind, value: string, origin: string): PresentedIdentity {
  return { kind, value, assurance: 'certificate-name', origin };
}
