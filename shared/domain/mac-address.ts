// A MAC address as this product compares it: twelve lower-case hexadecimal digits, made from any notation.

declare const macAddress: unique symbol;

/** Canonical form: twelve lower-case hexadecimal digits without separators, e.g. `a0b1c2d3e4f5`. */
export type MacAddress = string & { readonly [macAddress]: true };

const NOTATIONS = [
  /^(?:0x)?[0-9a-f]{12}$/, //                           a0b1c2d3e4f5
  /^[0-9a-f]{2}([:. _-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/, // a0:b1:c2:d3:e4:f5 (RFC 3580 writes A0-B1-C2-D3-E4-F5)
  /^[0-9a-f]{4}([.:-])[0-9a-f]{4}\1[0-9a-f]{4}$/, //    a0b1.c2d3.e4f5 (Cisco), a0b1-c2d3-e4f5 (Huawei, H3C)
  /^[0-9a-f]{6}[.:-][0-9a-f]{6}$/, //                   a0b1c2-d3e4f5 (HPE)
];

/** BSD and Solaris drop leading zeros: `0:1b:2:d3:e4:f5`. */
const SHORT_OCTETS = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/;

/** The longest notation is `0x` plus twelve digits or six octets with separators; more is not a MAC address. */
const LONGEST_NOTATION = 17;

/** Reads any common notation; `undefined` when the text is not one 48-bit MAC address. Never throws. */
export function parseMacAddress(text: string): MacAddress | undefined {
  const candidate = text.trim().toLowerCase();
  if (candidate.length === 0 || candidate.length > LONGEST_NOTATION) return undefined;
  if (NOTATIONS.some((notation) => notation.test(candidate))) {
    // Twelve characters of any of them are the digits alone.
    return (candidate.length === 12 ? candidate : candidate.replace(/^0x|[^0-9a-f]/g, '')) as MacAddress;
  }
  if (SHORT_OCTETS.test(candidate)) {
    return candidate
      .split(':')
      .map((octet) => octet.padStart(2, '0'))
      .join('') as MacAddress;
  }
  return undefined;
}

/** Upper-case octets joined by hyphens, the form RFC 3580 section 3.21 prescribes for Calling-Station-Id. */
export function formatMacAddress(mac: MacAddress): string {
  return (mac.toUpperCase().match(/../g) ?? []).join('-');
}

/**
 * True when the U/L bit of the first octet is set (IEEE 802c): the address was made up locally. Phones and Windows
 * randomise addresses this way, so such an address says nothing about which device it is.
 */
export function isLocallyAdministered(mac: MacAddress): boolean {
  return (firstOctet(mac) & 0b10) !== 0;
}

/** True for broadcast and multicast addresses, which no station may use as its own. */
export function isGroupAddress(mac: MacAddress): boolean {
  return (firstOctet(mac) & 0b1) !== 0;
}

/** Only a universally administered unicast address that is not all zeros can stand for one device. */
export function canIdentifyDevice(mac: MacAddress): boolean {
  return !isLocallyAdministered(mac) && !isGroupAddress(mac) && mac !== '000000000000';
}

function firstOctet(mac: MacAddress): number {
  return Number.parseInt(mac.slice(0, 2), 16);
}
