// Lock tokens on the wire: 16 bytes in the order of RFC 4122, except as a delivery tag, where the service uses the byte
// order of a .NET Guid.
const NET_GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

export function lockTokenToDeliveryTag(token: string): Buffer {
  const bytes = Buffer.from(token.replaceAll('-', ''), 'hex');
  return Buffer.from(NET_GUID_ORDER.map((from) => bytes.readUInt8(from)));
}

export function lockTokenFromBytes(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
