// A MAC address in the notations that people paste elsewhere.

export const MAC_FORMS = ['colons', 'hyphens', 'dots', 'bare'] as const;
export type MacForm = (typeof MAC_FORMS)[number];

/** @param mac twelve hexadecimal digits, as the API gives it */
export function writeMac(mac: string, form: MacForm): string {
  const digits = mac.toLowerCase();
  const octets = digits.match(/../g) ?? [];
  if (form === 'colons') return octets.join(':');
  if (form === 'hyphens') return octets.join('-').toUpperCase();
  if (form === 'dots') return (digits.match(/.{4}/g) ?? []).join('.');
  return digits;
}

/** The address was made up by the device (IEEE 802c): it says nothing about which device it is. */
export function isRandomMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0b10) !== 0;
}
