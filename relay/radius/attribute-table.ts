// The RADIUS attributes that requests to a NAS may carry: number, vendor and data type of each.

/**
 * Data types of RFC 8044: `text` is UTF-8, `octets` any bytes, `integer` 32 bits without sign, `time` seconds since
 * 1970 in 32 bits, `ipv4` and `ipv6` an address written as text.
 */
export type AttributeKind = 'text' | 'octets' | 'integer' | 'time' | 'ipv4' | 'ipv6';

export interface AttributeDefinition {
  readonly type: number;
  readonly kind: AttributeKind;
  /** Private enterprise number: the attribute travels inside Vendor-Specific (26), RFC 2865 section 5.26. */
  readonly vendor?: number;
  /** RFC 5176 section 3.6: not allowed in a Disconnect-Request. */
  readonly coaOnly?: true;
}

/**
 * All of these are mandatory to the NAS: one that it does not know makes it refuse the request (Error-Cause 401), and
 * every identifying one has to match. Message-Authenticator is missing on purpose, layOutRequest adds it. Attributes
 * that RADIUS hides with the Request Authenticator (Tunnel-Password) must never be added: in these requests it is zero.
 */
export const ATTRIBUTE_TABLE = {
  'User-Name': { type: 1, kind: 'text' },
  'NAS-IP-Address': { type: 4, kind: 'ipv4' },
  'NAS-Port': { type: 5, kind: 'integer' },
  'Service-Type': { type: 6, kind: 'integer', coaOnly: true },
  'Framed-IP-Address': { type: 8, kind: 'ipv4' },
  State: { type: 24, kind: 'octets', coaOnly: true },
  'Called-Station-Id': { type: 30, kind: 'text' },
  'Calling-Station-Id': { type: 31, kind: 'text' },
  'NAS-Identifier': { type: 32, kind: 'text' },
  'Acct-Session-Id': { type: 44, kind: 'text' },
  'Acct-Multi-Session-Id': { type: 50, kind: 'text' },
  'Event-Timestamp': { type: 55, kind: 'time' },
  'NAS-Port-Id': { type: 87, kind: 'text' },
  'NAS-IPv6-Address': { type: 95, kind: 'ipv6' },
  'Cisco-AVPair': { vendor: 9, type: 1, kind: 'text' },
  'Aruba-Port-Bounce-Host': { vendor: 14823, type: 40, kind: 'integer' },
} as const satisfies Record<string, AttributeDefinition>;

export type AttributeName = keyof typeof ATTRIBUTE_TABLE;

interface ValueOfKind {
  readonly text: string;
  readonly octets: Uint8Array;
  readonly integer: number;
  readonly time: number;
  readonly ipv4: string;
  readonly ipv6: string;
}

export type AttributeValue<Name extends AttributeName = AttributeName> =
  ValueOfKind[(typeof ATTRIBUTE_TABLE)[Name]['kind']];

/** An attribute to send: its name and a value of the type that its name asks for. */
export type Attribute = { [Name in AttributeName]: readonly [name: Name, value: AttributeValue<Name>] }[AttributeName];
