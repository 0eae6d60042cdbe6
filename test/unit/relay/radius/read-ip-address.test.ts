// IP addresses of RADIUS attributes and of relay.yaml.

import { expect, test } from 'vitest';
import { readIpAddress } from '../../../../relay/radius/read-ip-address.ts';

test.each([
  ['192.0.2.1', 4, 'c0000201', '192.0.2.1'],
  ['::', 6, '0'.repeat(32), '::'],
  ['::1', 6, `${'0'.repeat(31)}1`, '::1'],
  ['2001:DB8::', 6, `20010db8${'0'.repeat(24)}`, '2001:DB8::'],
  ['2001:db8:0:1:2:3:4:5', 6, '20010db8000000010002000300040005', '2001:db8:0:1:2:3:4:5'],
  ['64:ff9b::192.0.2.33', 6, '0064ff9b0000000000000000c0000221', '64:ff9b::192.0.2.33'],
  ['fe80::1%eth0', 6, `fe80${'0'.repeat(27)}1`, 'fe80::1%eth0'],
  ['::ffff:192.0.2.1', 4, 'c0000201', '192.0.2.1'],
  ['::ffff:c000:0201', 4, 'c0000201', '192.0.2.1'],
] as const)('%s', (text, family, octets, socketText) => {
  const address = readIpAddress(text);
  expect(address && { ...address, octets: address.octets.toString('hex') }).toEqual({
    family,
    octets,
    text: socketText,
  });
});

test.each(['', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '::g', '1::2::3', '[::1]', ':'])(
  '%j is not an address',
  (text) => {
    expect(readIpAddress(text)).toBeUndefined();
  },
);
