// Attributes that an operator has a NAS sent in every request, with values of their own: RFC 5176 section 3.6 would not
// have some of them in a Disconnect-Request, and there are NASes that find no session without.

import { ATTRIBUTE_TABLE, type AttributeKind } from './attribute-table.ts';
import { encodeValue, withHeader } from './encode-attribute.ts';

export interface FixedAttribute {
  /** As relay.yaml calls it, for messages. */
  readonly label: string;
  readonly type: number;
  /** Private enterprise number: inside Vendor-Specific (26). */
  readonly vendor?: number;
  readonly kind: AttributeKind;
  readonly value: string | number | Uint8Array;
}

interface Definition {
  readonly type: number;
  readonly kind: AttributeKind;
  readonly vendor?: number;
  /** Values by their names in the RFC. */
  readonly names?: Readonly<Record<string, number>>;
}

const SERVICE_TYPES = {
  'Login-User': 1,
  'Framed-User': 2,
  'Callback-Login-User': 3,
  'Callback-Framed-User': 4,
  'Outbound-User': 5,
  'Administrative-User': 6,
  'NAS-Prompt-User': 7,
  'Authenticate-Only': 8,
  'Callback-NAS-Prompt': 9,
  'Call-Check': 10,
  'Callback-Administrative': 11,
  'Authorize-Only': 17,
} as const;

const { 'Event-Timestamp': _, State: __, 'Service-Type': serviceType, ...sendable } = ATTRIBUTE_TABLE;

/** What `send` of relay.yaml may name. Anything else is given by vendor and number. */
export const FIXED_ATTRIBUTES: Readonly<Record<string, Definition>> = {
  ...sendable,
  'Service-Type': { type: serviceType.type, kind: 'integer', names: SERVICE_TYPES },
  'Framed-Protocol': { type: 7, kind: 'integer', names: { PPP: 1 } },
  'NAS-Port-Type': { type: 61, kind: 'integer', names: { Virtual: 5, Ethernet: 15, 'Wireless-802.11': 19 } },
};

/** @returns the octets on the wire, or why the value cannot be sent */
export function encodeFixed({ type, vendor, kind, value }: FixedAttribute): Buffer | string {
  const octets = encodeValue(kind, value);
  if (typeof octets === 'string') return octets;
  const most = vendor === undefined ? 253 : 247;
  if (octets.length === 0) return 'is empty';
  if (octets.length > most) return `is longer than ${most} octets`;
  const attribute = withHeader(type, octets);
  if (vendor === undefined) return attribute;
  const number = Buffer.alloc(4);
  number.writeUInt32BE(vendor);
  return withHeader(26, Buffer.concat([number, attribute]));
}
