// Finds the NAS entry a job is for, and the address to send to. The most specific match wins.

import type { CoaNas } from '../shared/domain/coa-job.ts';
import { subnetContains } from './ip-subnet.ts';
import { type IpAddress, readIpAddress } from './radius/read-ip-address.ts';
import type { NasEntry } from './relay-config.ts';

export interface FoundNas<Entry> {
  readonly entry: Entry;
  readonly address: string;
}

type Matchable = Pick<NasEntry, 'match' | 'address'>;

/** Higher than any prefix length; in the order in which they win. */
const exact = { nasIdentifier: 1004, nasIpAddress: 1003, nasIpv6Address: 1002, packetSourceIp: 1001 };

/**
 * NAS-Identifier goes before NAS-IP-Address, NAS-IPv6-Address and packet source, and these before subnets, of which the
 * longest prefix wins. An entry without an address of its own is sent to the address of the job that lies in its match;
 * one that has none does not match at all.
 */
export function findNas<Entry extends Matchable>(entries: readonly Entry[], nas: CoaNas): FoundNas<Entry> | undefined {
  const named = {
    nasIpAddress: read(nas.nasIpAddress),
    nasIpv6Address: read(nas.nasIpv6Address),
    packetSourceIp: read(nas.packetSourceIp),
  };
  let best: (FoundNas<Entry> & { readonly rank: number }) | undefined;
  for (const entry of entries) {
    const { match } = entry;
    let rank =
      nas.nasIdentifier !== undefined && match.nasIdentifier.includes(nas.nasIdentifier) ? exact.nasIdentifier : -1;
    let address = entry.address;
    for (const kind of ['nasIpAddress', 'nasIpv6Address', 'packetSourceIp'] as const) {
      const jobAddress = named[kind];
      if (jobAddress === undefined) continue;
      const isNamed = match[kind].some((candidate) => candidate.octets.equals(jobAddress.octets));
      const prefixes = match.subnet.filter((subnet) => subnetContains(subnet, jobAddress));
      const addressRank = isNamed ? exact[kind] : Math.max(-1, ...prefixes.map(({ prefixLength }) => prefixLength));
      if (addressRank < 0) continue;
      rank = Math.max(rank, addressRank);
      address ??= jobAddress.text;
    }
    if (rank >= 0 && address !== undefined && rank > (best?.rank ?? -1)) best = { entry, address, rank };
  }
  return best && { entry: best.entry, address: best.address };
}

function read(text: string | undefined): IpAddress | undefined {
  return text === undefined ? undefined : readIpAddress(text);
}
