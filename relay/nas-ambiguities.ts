// Finds NAS entries that claim the same NAS with equal right, so that the choice between them would be arbitrary.

import type { NasEntry } from './relay-config.ts';

export interface NasAmbiguity {
  /** Of the later entry. */
  readonly index: number;
  readonly problem: string;
}

export function nasAmbiguities(entries: readonly Pick<NasEntry, 'name' | 'match'>[]): NasAmbiguity[] {
  const claims = new Map<string, { readonly index: number; readonly name: string }>();
  const found: NasAmbiguity[] = [];
  for (const [index, { name, match }] of entries.entries()) {
    const { nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp, subnet } = match;
    const claimed = [
      ...nasIdentifier.map((text) => ({ key: `nasIdentifier|${text}`, text })),
      ...nasIpAddress.map(({ text, octets }) => ({ key: `nasIpAddress|${octets.toString('hex')}`, text })),
      ...nasIpv6Address.map(({ text, octets }) => ({ key: `nasIpv6Address|${octets.toString('hex')}`, text })),
      ...packetSourceIp.map(({ text, octets }) => ({ key: `packetSourceIp|${octets.toString('hex')}`, text })),
      ...subnet.map(({ text, octets, prefixLength }) => ({
        key: `subnet|${octets.toString('hex')}|${prefixLength}`,
        text,
      })),
    ];
    for (const { key, text } of claimed) {
      const [kind] = key.split('|');
      const earlier = claims.get(key);
      if (earlier === undefined) claims.set(key, { index, name });
      else if (earlier.index !== index) {
        found.push({
          index,
          problem: `${kind} ${text} is claimed by ${earlier.name || `nas[${earlier.index}]`} too: leave it with one of them.`,
        });
      }
    }
  }
  return found;
}
