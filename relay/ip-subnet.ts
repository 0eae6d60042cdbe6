// An IPv4 or IPv6 subnet in CIDR notation: reads one, and says whether an address lies in it.

import { type IpAddress, readIpAddress } from './radius/read-ip-address.ts';

export interface IpSubnet {
  readonly family: 4 | 6;
  readonly octets: Buffer;
  readonly prefixLength: number;
  /** As `10.1.2.0/24`. */
  readonly text: string;
}

/** Returns what is wrong with the text instead, as the end of a sentence that starts with it. Never throws. */
export function readIpSubnet(text: string): IpSubnet | string {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : readIpAddress(match[1]);
  if (match === null || address === undefined) return 'is no subnet such as 10.1.2.0/24 or 2001:db8::/48';
  const prefixLength = Number(match[2]);
  const bits = address.octets.length * 8;
  if (prefixLength > bits) return `has a prefix longer than ${bits}`;
  const network = masked(address.octets, prefixLength);
  if (!network.equals(address.octets)) {
    return 'has address bits set beyond its prefix: write the first address of the subnet';
  }
  return { family: address.family, octets: network, prefixLength, text: `${address.text}/${prefixLength}` };
}

export function subnetContains(subnet: IpSubnet, address: IpAddress): boolean {
  return address.family === subnet.family && masked(address.octets, subnet.prefixLength).equals(subnet.octets);
}

/** The address with all bits after its prefix cleared. */
export function masked(octets: Buffer, prefixLength: number): Buffer {
  return Buffer.from(
    octets.map((octet, index) => {
      const kept = Math.min(Math.max(prefixLength - index * 8, 0), 8);
      return octet & (0xff << (8 - kept));
    }),
  );
}
