// Which SSID a station uses, from every attribute and notation in which access points say it.

import { parseMacAddress } from '../mac-address.ts';

/** Longest notation of an address: `0x` and twelve digits, or six octets with separators. */
const LONGEST_ADDRESS = 17;
/** IEEE 802.11 9.4.2.2 allows 32 octets. */
export const LONGEST_SSID_OCTETS = 32;
const BEHIND_ADDRESS = /[:,;|/#_ -]/;

export interface SsidSources {
  readonly calledStationId?: string | undefined;
  /** From attributes that hold nothing else, e.g. Aruba-Essid-Name. */
  readonly ssids?: readonly string[] | undefined;
  /** Wired ports and VPN gateways have none, even where their Called-Station-Id holds a colon. */
  readonly wireless: boolean;
}

/**
 * The SSIDs that the request may mean: one where it is plain, several where attributes disagree or an access point's
 * name may end at one of several colons, none where it names none.
 */
export function ssidsOf({ calledStationId = '', ssids = [], wireless }: SsidSources): readonly string[] {
  const called = inCalledStationId(calledStationId, wireless);
  // A vendor's attribute that agrees with one reading says which reading is right.
  const agreed = called.filter((ssid) => ssids.includes(ssid));
  return [...new Set(agreed.length > 0 ? ssids : [...ssids, ...called])];
}

/**
 * RFC 3580 3.20: the access point's address, a colon, the SSID. Controllers also put the access point's name, group or
 * IP address first (Cisco `AP Name:SSID`, Aruba `ap-name … include-ssid`), and HPE MSM writes `0011aa-22bb33:SSID`.
 */
function inCalledStationId(text: string, wireless: boolean): string[] {
  const behind = behindAddress(text);
  if (behind !== undefined) return plausible([behind]);
  if (!wireless || isIpv6(text)) return [];
  const behindColons = [...text.matchAll(/:/g)].slice(0, 4).map(({ index }) => text.slice(index + 1));
  return plausible(behindColons);
}

/** The text behind an address and a separator, maybe empty; `undefined` where no address begins it. */
function behindAddress(text: string): string | undefined {
  for (let length = Math.min(LONGEST_ADDRESS, text.length); length >= 12; length--) {
    if (parseMacAddress(text.slice(0, length)) === undefined || text.slice(0, length).trim().length < length) continue;
    const rest = text.slice(length);
    if (rest === '' || BEHIND_ADDRESS.test(rest.charAt(0))) return rest.slice(1);
  }
  return undefined;
}

/** Behind an access point's address stands something, and no SSID is so long. */
export function isUnreadSsid(calledStationId = ''): boolean {
  const behind = behindAddress(calledStationId);
  return behind !== undefined && behind !== '' && plausible([behind]).length === 0;
}

function plausible(texts: readonly string[]): string[] {
  return texts.filter((text) => text !== '' && Buffer.byteLength(text) <= LONGEST_SSID_OCTETS);
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && text.split(':').length > 2;
}
