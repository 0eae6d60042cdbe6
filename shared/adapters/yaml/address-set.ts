// Addresses and subnets as a policy lists them.

import { BlockList, isIP } from 'node:net';
import type { AddressSet } from '../../domain/policy/policy-condition.ts';

/** @param texts addresses and subnets that have been checked already */
export function addressSet(texts: readonly string[]): AddressSet {
  const set = new BlockList();
  for (const text of texts) {
    const [network = '', prefix] = text.split('/');
    const family = familyOf(network);
    if (prefix === undefined) set.addAddress(network, family);
    else set.addSubnet(network, Number(prefix), family);
  }
  // The NAS wrote it, so it may be anything.
  return {
    texts,
    contains: (address) => (isIP(address) === 0 ? undefined : set.check(withoutZone(address), familyOf(address))),
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function withoutZone(address: string): string {
  return address.split('%')[0] ?? '';
}
