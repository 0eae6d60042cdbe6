// Reads and writes the AMQP 1.0 values the broker itself needs, straight from and to bytes; everything else in a
// message passes through untouched, because decoding and encoding again would lose the sender's exact types.
export type AmqpScalar = string | number | bigint | boolean | Buffer | Date | null | undefined;

/** Offset just past the value that starts at `at`: the upper half of the type code tells the size. */
export function endOfValue(bytes: Buffer, at: number): number {
  const code = bytes.readUInt8(at);
  if (code === 0x00) return endOfValue(bytes, endOfValue(bytes, at + 1));
  switch (code >> 4) {
    case 0x4:
      return at + 1;
    case 0x5:
      return at + 2;
    case 0x6:
      return at + 3;
    case 0x7:
      return at + 5;
    case 0x8:
      return at + 9;
    case 0x9:
      return at + 17;
    case 0xa:
    case 0xc:
    case 0xe:
      return within(bytes, at + 2 + bytes.readUInt8(at + 1));
    case 0xb:
    case 0xd:
    case 0xf:
      return within(bytes, at + 5 + bytes.readUInt32BE(at + 1));
    default:
      throw new Error(`0x${code.toString(16)} is not an AMQP type code.`);
  }
}

/** A primitive value; undefined for a compound or described one. */
export function readScalar(bytes: Buffer, at: number): AmqpScalar {
  const code = bytes.readUInt8(at);
  switch (code) {
    case 0x40:
      return null;
    case 0x41:
      return true;
    case 0x42:
      return false;
    case 0x56:
      return bytes.readUInt8(at + 1) === 1;
    case 0x43:
    case 0x44:
      return 0;
    case 0x50:
    case 0x52:
    case 0x53:
      return bytes.readUInt8(at + 1);
    case 0x51:
    case 0x54:
    case 0x55:
      return bytes.readInt8(at + 1);
    case 0x60:
      return bytes.readUInt16BE(at + 1);
    case 0x61:
      return bytes.readInt16BE(at + 1);
    case 0x70:
      return bytes.readUInt32BE(at + 1);
    case 0x71:
      return bytes.readInt32BE(at + 1);
    case 0x72:
      return bytes.readFloatBE(at + 1);
    case 0x80:
      return numberIfSafe(bytes.readBigUInt64BE(at + 1));
    case 0x81:
      return numberIfSafe(bytes.readBigInt64BE(at + 1));
    case 0x82:
      return bytes.readDoubleBE(at + 1);
    case 0x83:
      return new Date(Number(bytes.readBigInt64BE(at + 1)));
    case 0x98:
      return bytes.subarray(at + 1, at + 17);
    case 0xa0:
      return bytes.subarray(at + 2, endOfValue(bytes, at));
    case 0xb0:
      return bytes.subarray(at + 5, endOfValue(bytes, at));
    case 0xa1:
    case 0xa3:
      return bytes.toString('utf8', at + 2, endOfValue(bytes, at));
    case 0xb1:
    case 0xb3:
      return bytes.toString('utf8', at + 5, endOfValue(bytes, at));
    default:
      return undefined;
  }
}

/** Where the items of a list begin, or the keys and values of a map in turn. */
export function itemOffsets(bytes: Buffer, at: number): number[] {
  const code = bytes.readUInt8(at);
  if (code === 0x45) return [];
  const wide = code === 0xd0 || code === 0xd1;
  if (!wide && code !== 0xc0 && code !== 0xc1) throw new Error(`0x${code.toString(16)} is neither a list nor a map.`);
  const count = wide ? bytes.readUInt32BE(at + 5) : bytes.readUInt8(at + 2);
  const offsets: number[] = [];
  let next = at + (wide ? 9 : 3);
  for (let item = 0; item < count; item++) {
    offsets.push(next);
    next = endOfValue(bytes, next);
  }
  return offsets;
}

/** Keys and values of a map, as spans of its bytes. */
export function mapEntries(bytes: Buffer, at: number): { key: string; keyBytes: Buffer; valueBytes: Buffer }[] {
  const offsets = itemOffsets(bytes, at);
  const entries: { key: string; keyBytes: Buffer; valueBytes: Buffer }[] = [];
  for (let item = 0; item + 1 < offsets.length; item += 2) {
    const [keyAt = 0, valueAt = 0] = offsets.slice(item, item + 2);
    entries.push({
      key: String(readScalar(bytes, keyAt)),
      keyBytes: bytes.subarray(keyAt, valueAt),
      valueBytes: bytes.subarray(valueAt, endOfValue(bytes, valueAt)),
    });
  }
  return entries;
}

export function encodeLong(value: number): Buffer {
  return eightBytes(0x81, BigInt(value));
}

export function encodeTimestamp(milliseconds: number): Buffer {
  return eightBytes(0x83, BigInt(milliseconds));
}

export function encodeInt(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x71);
  bytes.writeInt32BE(value, 1);
  return bytes;
}

export function encodeString(text: string): Buffer {
  return variableWidth(0xa1, Buffer.from(text));
}

export function encodeSymbol(text: string): Buffer {
  return variableWidth(0xa3, Buffer.from(text));
}

/** The value as a client in JavaScript would send it. */
export function encodeScalar(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from([0x40]);
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'boolean') return Buffer.from([value ? 0x41 : 0x42]);
  if (typeof value === 'bigint') return eightBytes(0x81, value);
  if (value instanceof Date) return encodeTimestamp(value.getTime());
  if (Buffer.isBuffer(value)) return variableWidth(0xa0, value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return Math.abs(value) < 2 ** 31 ? encodeInt(value) : encodeLong(value);
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(0x82);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  throw new Error(`A property of type ${typeof value} is not supported.`);
}

/** A described list (0xd0) or map (0xd1) whose items are encoded already. */
export function encodeSection(descriptor: number, compound: 0xd0 | 0xd1, items: readonly Buffer[]): Buffer {
  const content = Buffer.concat(items);
  const head = Buffer.alloc(12);
  head.writeUInt8(0x53, 1);
  head.writeUInt8(descriptor, 2);
  head.writeUInt8(compound, 3);
  head.writeUInt32BE(content.length + 4, 4);
  head.writeUInt32BE(items.length, 8);
  return Buffer.concat([head, content]);
}

function within(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw new Error('An AMQP value ends after the end of the message.');
  return end;
}

function numberIfSafe(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value ? Number(value) : value;
}

function eightBytes(code: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(code);
  bytes.writeBigInt64BE(value, 1);
  return bytes;
}

/** `code` is that of the short form; the long form's is 0x10 higher. */
function variableWidth(code: number, content: Buffer): Buffer {
  if (content.length < 256) return Buffer.concat([Buffer.from([code, content.length]), content]);
  const head = Buffer.alloc(5);
  head.writeUInt8(code + 0x10);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}
