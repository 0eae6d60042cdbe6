// MAC addresses and beginnings of them, as a policy or a list file writes them.

import { parseMacAddress } from '../mac-address.ts';
import { withoutTrailing } from '../trailing.ts';

/** MAC addresses and beginnings of them. */
export interface MacSet {
  /** For people who ask why, however many there are. */
  readonly shown: string;
  /** @param mac twelve lower-case hexadecimal digits */
  contains(mac: string): boolean;
}

/** An organisation's part of an address: less would be no list of devices any more. */
const SHORTEST_PREFIX = 6;
const DIGITS = 12;
/** `00:11:22:33:44:55/ff:ff:ff:ff:ff:ff` is the longest. */
const LONGEST_NOTATION = 40;
const SHOWN = 5;

/** What stands for the rest of an address is made of these: `*`, `:*:*:*`, `-xx-xx-xx`, `:??:??:??`. */
const REST = 'x?*:.-_ ';

/**
 * Hexadecimal digits of an address or of its beginning, in any notation: `00:11:22`, `0011.22`, `001122*`,
 * `00-11-22-xx-xx-xx`, `00:11:22:00:00:00/24`, `00:11:22:00:00:00/ff:ff:ff:00:00:00`, `0:11:22:3:4:5`.
 * @returns lower case; `undefined` for anything else
 */
export function macDigits(text: string): string | undefined {
  if (text.length > LONGEST_NOTATION) return undefined;
  const [written = '', mask, ...others] = text.trim().toLowerCase().split('/');
  if (others.length > 0) return undefined;
  if (mask !== undefined) return masked(written, mask);
  return parseMacAddress(written) ?? beginning(withoutTrailing(written, REST));
}

function beginning(written: string): string | undefined {
  const isNotation = /^(?:0x)?[0-9a-f]+(?:[:.\-_ ][0-9a-f]+)*[:.\-_ ]?$/.test(written);
  // Octets without their leading zero would shift all that follow.
  const parts = written.replace(/^0x/, '').split(/[:.\-_ ]/);
  const isWhole = parts.length === 1 || parts.every((part) => part.length % 2 === 0);
  const digits = parts.join('');
  return isNotation && isWhole && digits.length >= SHORTEST_PREFIX && digits.length <= DIGITS ? digits : undefined;
}

/** @param mask how many bits count, as a number or as an address; whole hexadecimal digits of them */
function masked(written: string, mask: string): string | undefined {
  const address = parseMacAddress(written);
  const length = /^\d{1,2}$/.test(mask)
    ? Number(mask) / 4
    : (/^(f*)0*$/.exec(parseMacAddress(mask) ?? '-')?.[1] ?? '').length;
  const isLength = Number.isInteger(length) && length >= SHORTEST_PREFIX && length <= DIGITS;
  return isLength ? address?.slice(0, length) : undefined;
}

/** @param digits from {@link macDigits}; asked in a time that does not grow with their number */
export function macSet(digits: readonly string[], name?: string): MacSet {
  const known = new Set(digits);
  const lengths = [...new Set(digits.map(({ length }) => length))];
  const first = digits.slice(0, SHOWN).join(', ');
  const more = digits.length > SHOWN ? ` and ${digits.length - SHOWN} more` : '';
  return {
    shown: name === undefined ? `${first}${more}` : `list ${name}: ${digits.length} addresses`,
    contains: (mac) => lengths.some((length) => known.has(mac.slice(0, length))),
  };
}

/** All that stands in any of them. */
export function anyOfMacSets(sets: readonly MacSet[]): MacSet {
  return {
    shown: sets.map(({ shown }) => shown).join(', '),
    contains: (mac) => sets.some((set) => set.contains(mac)),
  };
}
