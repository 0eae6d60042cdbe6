// How much of a MAC address or user name a log shows. The modes and their names are those of radsecproxy's LogMAC.

import { createHash, createHmac } from 'node:crypto';
import { formatMacAddress, parseMacAddress } from '../../domain/mac-address.ts';
import type { PrivacyMode } from '../../ports/privacy-mode.ts';
import type { Privacy } from '../../ports/telemetry.ts';

export function createIdentityPrivacy(mode: PrivacyMode, key: string): Privacy {
  const hash = (text: string): string => {
    const digest = mode.endsWith('KeyHashed') ? createHmac('sha256', key) : createHash('sha256');
    return digest.update(text).digest('hex').slice(0, 12);
  };
  const showMac = (text: string): string => {
    const mac = parseMacAddress(text);
    if (mode === 'Static') return 'undisclosed';
    if (mode === 'Original') return mac ? formatMacAddress(mac) : text;
    // A Calling-Station-Id need not be a MAC address; then no part of it may be shown.
    return mac && mode.startsWith('Vendor') ? `${formatMacAddress(mac).slice(0, 8)}-${hash(mac)}` : hash(mac ?? text);
  };
  const showUserName = (text: string): string => {
    if (mode === 'Static') return 'undisclosed';
    if (mode === 'Original') return text;
    // In MAB the user name is the MAC address: it must not betray what the other field hides.
    return parseMacAddress(text) ? showMac(text) : hash(text);
  };
  return {
    mac: (text) => (text === undefined ? undefined : showMac(text)),
    userName: (text) => (text === undefined ? undefined : showUserName(text)),
  };
}

/**
 * MAC addresses in the notations of switches and tools, names with a realm behind or before them: looked for where a
 * word begins.
 */
const IDENTITIES =
  /(?<![0-9a-z])(?:(?:[0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}|(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}|[0-9a-f]{6}-[0-9a-f]{6}|[0-9a-f]{12})(?![0-9a-z])|(?<![^\s\\@,;()<>"])[^\s\\@,;()<>"]+[\\@][^\s\\@,;()<>"]+/gi;

/** Text that a person wrote, as a log may show it: a name without realm looks like any other word, and stays. */
export function hideIdentities({ mac, userName }: Privacy, text: string): string {
  return text.replaceAll(IDENTITIES, (found) => (parseMacAddress(found) ? mac(found) : userName(found)) ?? '');
}
