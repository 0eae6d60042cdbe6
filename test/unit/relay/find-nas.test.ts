// Which entry of relay.yaml a job's NAS belongs to.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findNas, nasFinder } from '../../../relay/find-nas.ts';
import { readIpSubnet, subnetContains } from '../../../relay/ip-subnet.ts';
import { readIpAddress } from '../../../relay/radius/read-ip-address.ts';
import { readRelayConfig } from '../../../relay/read-relay-config.ts';
import type { CoaNas } from '../../../shared/domain/coa-job.ts';

const entry = (name: string, match: string, address?: string) =>
  `  - { name: ${name}, match: { ${match} }, ${address ? `address: ${address}, ` : ''}secretEnv: X, profile: cisco-ios }\n`;

const { nas: entries } = readRelayConfig(
  `site: hq\nserviceBus: { connectionStringEnv: X }\nnas:\n${[
    entry('wide', 'subnet: 10.0.0.0/8'),
    entry('narrow', 'subnet: 10.1.2.0/24'),
    entry('exact', 'nasIpAddress: 10.1.2.3'),
    entry('named', 'nasIdentifier: core', '192.0.2.1'),
    entry('source', 'packetSourceIp: 10.1.2.9', '192.0.2.2'),
    entry('six', 'subnet: "2001:db8::/32"'),
    entry('six-exact', 'nasIpv6Address: "2001:db8::7"', '192.0.2.3'),
    entry('named-or-subnet', 'nasIdentifier: edge, subnet: 172.16.0.0/12'),
  ].join('')}`,
  { file: 'relay.yaml', hostName: 'host' },
);

test.each<[CoaNas, string | undefined, string | undefined]>([
  [{ nasIpAddress: '10.9.9.9' }, 'wide', '10.9.9.9'],
  [{ nasIpAddress: '10.1.2.4' }, 'narrow', '10.1.2.4'],
  [{ nasIpAddress: '10.1.2.3' }, 'exact', '10.1.2.3'],
  [{ nasIpAddress: '10.1.2.3', nasIdentifier: 'core' }, 'named', '192.0.2.1'],
  [{ nasIpAddress: '10.1.2.4', packetSourceIp: '10.1.2.9' }, 'source', '192.0.2.2'],
  [{ nasIpAddress: '10.1.2.3', packetSourceIp: '10.1.2.9' }, 'exact', '10.1.2.3'],
  // A NAS-IP-Address that says nothing, as behind address translation: the packet source lies in the subnet.
  [{ nasIpAddress: '127.0.0.1', packetSourceIp: '10.1.2.77' }, 'narrow', '10.1.2.77'],
  [{ nasIpv6Address: '2001:db8::99' }, 'six', '2001:db8::99'],
  [{ nasIpv6Address: '2001:db8:0:0::7' }, 'six-exact', '192.0.2.3'],
  [{ nasIdentifier: 'edge', nasIpAddress: '172.16.1.1' }, 'named-or-subnet', '172.16.1.1'],
  // Recognised, but where to send is not known: an address outside the entry's own subnet is not trusted.
  [{ nasIdentifier: 'edge', nasIpAddress: '203.0.113.1' }, undefined, undefined],
  [{ nasIdentifier: 'Core' }, undefined, undefined],
  [{ nasIpAddress: '203.0.113.1' }, undefined, undefined],
  [{}, undefined, undefined],
])('%o → %s at %s', (nas, name, address) => {
  const found = findNas(entries, nas);
  expect(found?.entry.name).toBe(name);
  expect(found?.address).toBe(address);
});

test('the order of the entries does not matter', () => {
  const octet = fc.integer({ min: 0, max: 4 });
  const nas = fc.record({ nasIpAddress: fc.tuple(octet, octet).map(([c, d]) => `10.1.${c}.${d}`) });
  fc.assert(
    fc.property(fc.shuffledSubarray([...entries], { minLength: entries.length }), nas, (shuffled, job) => {
      expect(findNas(shuffled, job)).toEqual(findNas(entries, job));
    }),
  );
});

test('the finder finds what a look at every entry finds', () => {
  const address = fc.constantFrom('10.1.2.3', '10.1.2.4', '10.1.2.9', '10.9.9.9', '172.16.1.1', '203.0.113.1');
  const nas: fc.Arbitrary<CoaNas> = fc.record(
    {
      nasIdentifier: fc.constantFrom('core', 'edge', 'Core'),
      nasIpAddress: address,
      nasIpv6Address: fc.constantFrom('2001:db8::7', '2001:db8::99', '2001:db9::1'),
      packetSourceIp: address,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    // Some entries twice: of equally good ones the first counts.
    fc.property(fc.array(fc.constantFrom(...entries), { maxLength: 20 }), nas, (some, job) => {
      const numbered = some.map((one, place) => ({ ...one, place }));
      expect(nasFinder(numbered)(job)).toEqual(findNas(numbered, job));
    }),
    { numRuns: 500 },
  );
});

test('a subnet contains what has its prefix and nothing else', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), (network, other, length) => {
      const mask = length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
      const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
      const subnet = readIpSubnet(`${text((network & mask) >>> 0)}/${length}`);
      const address = readIpAddress(text(other));
      if (typeof subnet === 'string' || address === undefined) throw new Error('Both are right.');
      expect(subnetContains(subnet, address)).toBe((network & mask) === (other & mask));
    }),
  );
});
