// What a person types of a station's address: the whole, or six digits and more, in any notation.

/** Hexadecimal digits of an address or a part of one; `undefined` for a text that is none. */
export function macPart(text: string): string | undefined {
  const digits = text
    .toLowerCase()
    .trim()
    .replace(/^0x/, '')
    .replace(/[:.\s_-]/g, '');
  return /^[0-9a-f]{6,12}$/.test(digits) ? digits : undefined;
}

/** The U/L bit of the first octet is set (IEEE 802c): the station made the address up. */
export function isRandomAddress(digits: string): boolean {
  return (Number.parseInt(digits.slice(0, 2), 16) & 0b10) !== 0;
}
