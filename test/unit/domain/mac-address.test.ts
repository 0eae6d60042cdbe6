// MAC addresses in every notation.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canIdentifyDevice,
  formatMacAddress,
  isGroupAddress,
  isLocallyAdministered,
  parseMacAddress,
} from '../../../shared/domain/mac-address.ts';
import { aMac } from '../../support/a-device.ts';

/** How access points, switches, operating systems and people write one address. */
const WRITERS: Record<string, (octets: string[]) => string> = {
  plain: (o) => o.join(''),
  'plain with 0x': (o) => `0x${o.join('')}`,
  'colons (Linux, ArubaOS)': (o) => o.join(':'),
  'hyphens (RFC 3580, Windows)': (o) => o.join('-'),
  'dots between octets': (o) => o.join('.'),
  'blanks between octets': (o) => o.join(' '),
  'three groups with dots (Cisco)': (o) => `${o[0]}${o[1]}.${o[2]}${o[3]}.${o[4]}${o[5]}`,
  'three groups with hyphens (Huawei, H3C)': (o) => `${o[0]}${o[1]}-${o[2]}${o[3]}-${o[4]}${o[5]}`,
  'two groups (HPE)': (o) => `${o[0]}${o[1]}${o[2]}-${o[3]}${o[4]}${o[5]}`,
  'colons without leading zeros (BSD)': (o) => o.map((octet) => octet.replace(/^0/, '')).join(':'),
};

const anyOctets = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 })
  .map((octets) => octets.map((octet) => octet.toString(16).padStart(2, '0')));

describe('reading a MAC address', () => {
  test.each(Object.entries(WRITERS))('the notation %s is understood for every address', (_name, write) => {
    fc.assert(
      fc.property(anyOctets, fc.boolean(), (octets, upperCase) => {
        const written = upperCase ? write(octets).toUpperCase() : write(octets);
        expect(parseMacAddress(written)).toBe(octets.join(''));
      }),
    );
  });

  test('blanks around an address do not matter', () => {
    expect(parseMacAddress('  A0-B1-C2-D3-E4-F5\t')).toBe('a0b1c2d3e4f5');
  });

  test.each([
    ['nothing', ''],
    ['blanks', '   '],
    ['eleven digits', 'a0b1c2d3e4f'],
    ['thirteen digits', 'a0b1c2d3e4f50'],
    ['a digit that is not hexadecimal', 'a0b1c2d3e4fg'],
    ['two kinds of separator', 'a0:b1-c2:d3-e4:f5'],
    ['a missing octet', 'a0:b1:c2:d3:e4'],
    ['an octet too many (EUI-64)', 'a0:b1:c2:ff:fe:d3:e4:f5'],
    ['an empty octet', 'a0::c2:d3:e4:f5'],
    ['separators at the end', 'a0:b1:c2:d3:e4:f5:'],
    ['an address with the name of the network behind', 'a0-b1-c2-d3-e4-f5:corp-wifi'],
    ['an IPv4 address', '192.168.100.200'],
    ['an IPv6 address', 'fe80::a0b1:c2ff:fed3:e4f5'],
    ['a second line', 'a0:b1:c2:d3:e4:f5\na0:b1:c2:d3:e4:f6'],
    ['a user name', 'alice@contoso.com'],
    ['digits of another script', '٠١٢٣٤٥٦٧٨٩٠١'],
    ['full-width letters', 'ａ0b1c2d3e4f5'],
    ['a NUL character inside', 'a0b1c2\u0000d3e4f5'],
    ['a very long text', 'a0'.repeat(100_000)],
  ])('%s is no MAC address', (_what, text) => {
    expect(parseMacAddress(text)).toBeUndefined();
  });

  test('no text makes it fail, and every address it accepts is written and read back as the same one', () => {
    const nearly = fc.stringMatching(/^[0-9a-fA-F:. _-]{10,18}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        const mac = parseMacAddress(text);
        if (mac === undefined) return;
        expect(mac).toMatch(/^[0-9a-f]{12}$/);
        expect(parseMacAddress(formatMacAddress(mac))).toBe(mac);
      }),
    );
  });
});

test('an address is shown as RFC 3580 writes Calling-Station-Id', () => {
  expect(formatMacAddress(aMac('a0b1c2d3e4f5'))).toBe('A0-B1-C2-D3-E4-F5');
});

describe('what an address may stand for', () => {
  test.each(['2', '6', 'a', 'e'])('second digit %s: a random address of a phone or of Windows', (digit) => {
    const mac = aMac(`d${digit}b1c2d3e4f5`);
    expect(isLocallyAdministered(mac)).toBe(true);
    expect(isGroupAddress(mac)).toBe(false);
    expect(canIdentifyDevice(mac)).toBe(false);
  });

  test.each(['0', '4', '8', 'c'])('second digit %s: an address of a manufacturer', (digit) => {
    const mac = aMac(`a${digit}b1c2d3e4f5`);
    expect(isLocallyAdministered(mac)).toBe(false);
    expect(canIdentifyDevice(mac)).toBe(true);
  });

  test.each(['01:00:5e:00:00:fb', '33:33:00:00:00:01', 'ff:ff:ff:ff:ff:ff'])(
    '%s is for groups, not for one device',
    (text) => {
      expect(isGroupAddress(aMac(text))).toBe(true);
      expect(canIdentifyDevice(aMac(text))).toBe(false);
    },
  );

  test('the address of zeros is no device’s', () => {
    expect(canIdentifyDevice(aMac('00:00:00:00:00:00'))).toBe(false);
  });
});
