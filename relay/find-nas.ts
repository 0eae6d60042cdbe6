// Finds the NAS entry a job is for, and the address to send to. The most specific match wins.

import type { CoaNas } from '../shared/domain/coa-job.ts';
import { masked, subnetContains } from './ip-subnet.ts';
import { type IpAddress, readIpAddress } from './radius/read-ip-address.ts';
import type { NasEntry } from './relay-config.ts';

export interface FoundNas<Entry> {
  readonly entry: Entry;
  readonly address: string;
}

type Matchable = Pick<NasEntry, 'match' | 'address'>;

/** Higher than any prefix length; in the order in which they win. */
const EXACT = { nasIdentifier: 1004, nasIpAddress: 1003, nasIpv6Address: 1002, packetSourceIp: 1001 };

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
      nas.nasIdentifier !== undefined && match.nasIdentifier.includes(nas.nasIdentifier) ? EXACT.nasIdentifier : -1;
    let address = entry.address;
    for (const kind of ['nasIpAddress', 'nasIpv6Address', 'packetSourceIp'] as const) {
      const jobAddress = named[kind];
      if (jobAddress === undefined) continue;
      const isNamed = match[kind].some((candidate) => candidate.octets.equals(jobAddress.octets));
      const prefixes = match.subnet.filter((subnet) => subnetContains(subnet, jobAddress));
      const addressRank = isNamed ? EXACT[kind] : Math.max(-1, ...prefixes.map(({ prefixLength }) => prefixLength));
      if (addressRank < 0) continue;
      rank = Math.max(rank, addressRank);
      address ??= jobAddress.text;
    }
    if (rank >= 0 && address !== undefined && rank > (best?.rank ?? -1)) best = { entry, address, rank };
  }
  return best && { entry: best.entry, address: best.address };
}

/**
 * `findNas` for many jobs: looks only at entries that name something the job names, so that a thousand switches cost no
 * more than ten. Equally good matches are decided by the order of the entries, as there.
 */
export function nasFinder<Entry extends Matchable>(
  entries: readonly Entry[],
): (nas: CoaNas) => FoundNas<Entry> | undefined {
  const places = new Map<string, Set<number>>();
  const prefixLengths = { 4: new Set<number>(), 6: new Set<number>() };
  for (const [place, { match }] of entries.entries()) {
    const keys = [
      ...match.nasIdentifier.map((name) => `name ${name}`),
      ...(['nasIpAddress', 'nasIpv6Address', 'packetSourceIp'] as const).flatMap((kind) =>
        match[kind].map(({ octets }) => `${kind} ${octets.toString('hex')}`),
      ),
      ...match.subnet.map(({ octets, prefixLength }) => subnetKey(octets, prefixLength)),
    ];
    for (const { family, prefixLength } of match.subnet) prefixLengths[family].add(prefixLength);
    for (const key of keys) places.set(key, (places.get(key) ?? new Set()).add(place));
  }

  function* keysOf(nas: CoaNas): Generator<string> {
    if (nas.nasIdentifier !== undefined) yield `name ${nas.nasIdentifier}`;
    for (const kind of ['nasIpAddress', 'nasIpv6Address', 'packetSourceIp'] as const) {
      const address = read(nas[kind]);
      if (address === undefined) continue;
      yield `${kind} ${address.octets.toString('hex')}`;
      for (const length of prefixLengths[address.family]) yield subnetKey(masked(address.octets, length), length);
    }
  }

  return (nas) => {
    const named = new Set<number>();
    for (const key of keysOf(nas)) for (const place of places.get(key) ?? []) named.add(place);
    const candidates = [...named].toSorted((one, other) => one - other);
    return findNas(
      candidates.flatMap((place) => entries[place] ?? []),
      nas,
    );
  };
}

/** The number of digits distinguishes the families. */
function subnetKey(network: Buffer, prefixLength: number): string {
  return `subnet ${network.toString('hex')}/${prefixLength}`;
}

function read(text: string | undefined): IpAddress | undefined {
  return text === undefined ? undefined : readIpAddress(text);
}
