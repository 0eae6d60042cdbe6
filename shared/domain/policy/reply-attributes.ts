// RADIUS attributes that a policy may add to a permit. No policy can send another one: an attribute can also make a
// session an administrator's, lead it elsewhere or mislead the server itself.

/** Names as FreeRADIUS' dictionaries have them; `number` is a whole number that fits 32 bits. */
export const REPLY_ATTRIBUTES = {
  'Filter-Id': 'text',
  'NAS-Filter-Rule': 'text',
  'Egress-VLANID': 'number',
  'Egress-VLAN-Name': 'text',
  'Idle-Timeout': 'number',
  'Acct-Interim-Interval': 'number',
  'Cisco-AVPair': 'text',
  'Airespace-ACL-Name': 'text',
  'Airespace-Interface-Name': 'text',
  'Airespace-QOS-Level': 'number',
  'Aruba-User-Role': 'text',
  'Aruba-User-Vlan': 'number',
  'Aruba-Named-User-Vlan': 'text',
  'Aruba-NAS-Filter-Rule': 'text',
  'HP-User-Role': 'text',
  'HP-Nas-Filter-Rule': 'text',
  'HP-Egress-VLANID': 'number',
  'HP-Egress-VLAN-Name': 'text',
  'Juniper-Switching-Filter': 'text',
  'Juniper-Firewall-filter-name': 'text',
  'Juniper-VoIP-Vlan': 'text',
  'Juniper-CWA-Redirect': 'text',
  'Ruckus-User-Groups': 'text',
  'Fortinet-Group-Name': 'text',
  'ASA-Group-Policy': 'text',
  'ASA-VLAN': 'number',
  'Extreme-Netlogin-Vlan': 'text',
} as const satisfies Record<string, 'text' | 'number'>;

export type ReplyAttribute = keyof typeof REPLY_ATTRIBUTES;

/** Values per attribute, in order. */
export type ReplyAttributes = { readonly [Name in ReplyAttribute]?: readonly (string | number)[] };

export const MOST_VALUES = 32;
/** RFC 2865 5: an attribute holds at most 253 octets; a vendor's, with its header, 247. */
export const LONGEST_VALUE = 247;

/** RFC 2865 3: a packet holds 4,096 octets; a quarter is left to the server: keys, EAP, Class, tunnel attributes. */
export const LARGEST_ATTRIBUTES = 3_072;
/** A vendor's attribute inside Vendor-Specific (RFC 2865 5.26). */
const HEADER = 8;
const NUMBER = 4;

/** Octets they take in a packet. */
export function octetsOf(attributes: ReplyAttributes): number {
  const sizes = Object.values(attributes).flatMap((values) =>
    values.map((value) => HEADER + (typeof value === 'number' ? NUMBER : value.length)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function isReplyAttribute(name: string): name is ReplyAttribute {
  return Object.hasOwn(REPLY_ATTRIBUTES, name);
}

/** What is wrong with the value, as the end of a sentence; `undefined` when it may be sent. */
export function valueProblem(name: ReplyAttribute, value: unknown): string | undefined {
  if (REPLY_ATTRIBUTES[name] === 'number') {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
    return fits ? undefined : 'must be a whole number from 0 to 4294967295.';
  }
  return textProblem(value);
}

/** ACL names and addresses for a redirect go the same way as attributes and obey the same rule. */
export function textProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be text: put it in quotes.';
  if (/^[\x20-\x7e]{1,247}$/.test(value) && !value.includes('%{') && !/[\\`]/.test(value)) return undefined;
  return `must be 1 to ${LONGEST_VALUE} printable ASCII characters without "%{", backslash and backquote.`;
}
