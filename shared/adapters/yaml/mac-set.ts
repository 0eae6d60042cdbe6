// MAC addresses and beginnings of them as a policy or a list file writes them.

import type { MacSet } from '../../domain/policy-condition.ts';

/** An organisation's part of an address: less would be no list of devices any more. */
const SHORTEST_PREFIX = 6;
const DIGITS = 12;
const LONGEST_NOTATION = 24;
const SHOWN = 5;

/**
 * Hexadecimal digits of an address or of its beginning, in any notation: `00:11:22`, `0011.22`, `001122*`, `00-11-22-33-44-55`.
 * @returns lower case; `undefined` for anything else
 */
export function macDigits(text: string): string | undefined {
  if (text.length > LONGEST_NOTATION) return undefined;
  const written = text
    .trim()
    .toLowerCase()
    .replace(/[:.\-_ ]?\*$/, '');
  const isNotation = /^(?:0x)?[0-9a-f]+(?:[:.\-_ ][0-9a-f]+)*[:.\-_ ]?$/.test(written);
  // Octets without their leading zero would shift all that follow.
  const parts = written.replace(/^0x/, '').split(/[:.\-_ ]/);
  const isWhole = parts.every((part) => part.length % 2 === 0 || parts.length === 1);
  const digits = parts.join('');
  return isNotation && isWhole && digits.length >= SHORTEST_PREFIX && digits.length <= DIGITS ? digits : undefined;
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
