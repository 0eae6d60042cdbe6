// Splits the attribute part of a received packet into its attributes.

export interface ReceivedAttribute {
  readonly type: number;
  /** What follows type and length; of Vendor-Specific with the vendor id in front. */
  readonly value: Buffer;
  /** Where the value begins, in octets from the beginning of the packet. */
  readonly valueOffset: number;
}

/**
 * Reads `packet` from octet `start` to its end. Lengths must add up exactly (RFC 2865 section 5): with a length below
 * 2, or one that leads past the end, the result is `undefined`. Never throws. The values are views, not copies.
 */
export function readAttributes(packet: Uint8Array, start: number): readonly ReceivedAttribute[] | undefined {
  const octets = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const attributes: ReceivedAttribute[] = [];
  let at = start;
  while (at < octets.length) {
    if (at + 2 > octets.length) return undefined;
    const length = octets.readUInt8(at + 1);
    if (length < 2 || at + length > octets.length) return undefined;
    attributes.push({ type: octets.readUInt8(at), value: octets.subarray(at + 2, at + length), valueOffset: at + 2 });
    at += length;
  }
  return attributes;
}
