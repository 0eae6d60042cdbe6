// Encodes one attribute as it goes on the wire, and says beforehand why a value cannot be sent.

import { ATTRIBUTE_TABLE, type Attribute, type AttributeDefinition, type AttributeKind } from './attribute-table.ts';
import { readIpAddress } from './read-ip-address.ts';

const VENDOR_SPECIFIC = 26;
const MAXIMUM_VALUE = 253;
/** Vendor id (4), vendor type (1) and vendor length (1) take their room from Vendor-Specific's value. */
const MAXIMUM_VENDOR_VALUE = MAXIMUM_VALUE - 6;
const MAXIMUM_INTEGER = 0xffff_ffff;

/**
 * Type, length, value (RFC 2865 section 5); attributes of vendors inside Vendor-Specific (section 5.26).
 * @throws RangeError naming the attribute, never its value, if the value is empty, too long or not of its data type
 */
export function encodeAttribute(attribute: Attribute): Buffer {
  const encoded = tryEncode(attribute);
  if (typeof encoded === 'string') throw new RangeError(`${attribute[0]} ${encoded}`);
  return encoded;
}

/** Why this attribute cannot be sent, for example `is longer than 253 octets`; `undefined` if it can. */
export function attributeProblem(attribute: Attribute): string | undefined {
  const encoded = tryEncode(attribute);
  return typeof encoded === 'string' ? encoded : undefined;
}

function tryEncode([name, value]: Attribute): Buffer | string {
  const definition: AttributeDefinition = ATTRIBUTE_TABLE[name];
  const octets = encodeValue(definition.kind, value);
  if (typeof octets === 'string') return octets;
  // RFC 2865 section 5: an empty text must not be sent, the attribute is to be left out.
  if (octets.length === 0) return 'is empty';
  const limit = definition.vendor === undefined ? MAXIMUM_VALUE : MAXIMUM_VENDOR_VALUE;
  if (octets.length > limit) return `is longer than ${limit} octets`;
  const attribute = withHeader(definition.type, octets);
  if (definition.vendor === undefined) return attribute;
  const vendor = Buffer.alloc(4);
  vendor.writeUInt32BE(definition.vendor);
  return withHeader(VENDOR_SPECIFIC, Buffer.concat([vendor, attribute]));
}

export function withHeader(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type, value.length + 2), value]);
}

export function encodeValue(kind: AttributeKind, value: string | number | Uint8Array): Buffer | string {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : 'is not a text';
    case 'octets':
      return value instanceof Uint8Array ? Buffer.from(value) : 'is not a sequence of octets';
    case 'integer':
    case 'time':
      return encodeInteger(value);
    case 'ipv4':
    case 'ipv6':
      return encodeAddress(value, kind === 'ipv4' ? 4 : 6);
  }
}

function encodeInteger(value: string | number | Uint8Array): Buffer | string {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAXIMUM_INTEGER) {
    return 'is not a whole number of 32 bits';
  }
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

function encodeAddress(value: string | number | Uint8Array, family: 4 | 6): Buffer | string {
  const address = typeof value === 'string' ? readIpAddress(value) : undefined;
  return address?.family === family ? address.octets : `is not an IPv${family} address`;
}
