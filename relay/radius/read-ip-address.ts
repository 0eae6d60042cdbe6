// Reads an IPv4 or IPv6 address written as text into its octets.

import { isIPv4, isIPv6 } from 'node:net';

export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 octets, network byte order; the zone of a link-local address is not among them. */
  readonly octets: Buffer;
  /** The text to hand to a socket. */
  readonly text: string;
}

const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');

/**
 * Host names are not addresses. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is read as the IPv4 address.
 * Returns `undefined` for anything else; never throws.
 */
export function readIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return ipv4(Buffer.from(text.split('.').map(Number)));
  if (!isIPv6(text)) return undefined;
  const octets = ipv6Octets(text);
  if (octets.subarray(0, 12).equals(MAPPED_PREFIX)) return ipv4(octets.subarray(12));
  return { family: 6, octets, text };
}

function ipv4(octets: Buffer): IpAddress {
  return { family: 4, octets, text: octets.join('.') };
}

function ipv6Octets(text: string): Buffer {
  const [withoutZone = ''] = text.split('%');
  // The URL parser writes every group, the dotted ones too, as hexadecimal digits.
  const [before = '', after] = new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1).split('::');
  const head = groups(before);
  const tail = groups(after ?? '');
  const zeros = Array<number>(8 - head.length - tail.length).fill(0);
  const octets = Buffer.alloc(16);
  for (const [index, group] of [...head, ...zeros, ...tail].entries()) octets.writeUInt16BE(group, index * 2);
  return octets;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
