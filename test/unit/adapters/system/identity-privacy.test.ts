// The modes in which identities are logged, and the keys of those that hash.

import { describe, expect, test } from 'vitest';
import { createIdentityPrivacy, hideIdentities } from '../../../../shared/adapters/system/identity-privacy.ts';
import { PRIVACY_MODES, type PrivacyMode } from '../../../../shared/ports/privacy-mode.ts';

const MAC = 'a0b1c2d3e4f5';
/** What is specific to the device: everything behind the vendor part. */
const DEVICE_PART = /d3.?e4.?f5/i;
const VENDOR_PART = /a0.?b1.?c2/i;
const HASHING = ['VendorHashed', 'VendorKeyHashed', 'FullyHashed', 'FullyKeyHashed'] as const;

test('there are the six modes of radsecproxy’s LogMAC', () => {
  expect([...PRIVACY_MODES].sort()).toEqual(
    ['FullyHashed', 'FullyKeyHashed', 'Original', 'Static', 'VendorHashed', 'VendorKeyHashed'].sort(),
  );
});

test('Static shows nothing, not even whether two stations are the same', () => {
  const { mac, userName } = createIdentityPrivacy('Static', 'key');
  expect(mac(MAC)).toBe(mac('a0b1c2000001'));
  expect(userName('alice')).toBe(userName('bob'));
  expect(`${mac(MAC)}${userName('alice')}`).not.toMatch(/a0|alice/i);
});

test('Original shows everything, addresses in RFC 3580 notation', () => {
  const { mac, userName } = createIdentityPrivacy('Original', 'key');
  expect(mac('a0b1.c2d3.e4f5')).toBe('A0-B1-C2-D3-E4-F5');
  expect(mac('not a mac')).toBe('not a mac');
  expect(userName('alice')).toBe('alice');
});

describe.each(HASHING)('%s', (mode) => {
  const { mac, userName } = createIdentityPrivacy(mode, 'key');

  test(`${mode.startsWith('Vendor') ? 'shows' : 'hides'} the vendor and hides the device`, () => {
    expect(mac(MAC)).not.toMatch(DEVICE_PART);
    expect(VENDOR_PART.test(mac(MAC) ?? '')).toBe(mode.startsWith('Vendor'));
  });

  test('shows one station alike in every notation, and two of one vendor differently', () => {
    expect(mac('A0-B1-C2-D3-E4-F5')).toBe(mac(MAC));
    expect(mac('a0b1.c2d3.e4f5')).toBe(mac(MAC));
    expect(mac('a0b1c2d3e4f6')).not.toBe(mac(MAC));
  });

  test('hides user names, and tells them apart', () => {
    expect(userName('alice@contoso.com')).not.toMatch(/alice|contoso/i);
    expect(userName('alice')).not.toBe(userName('bob'));
    expect(userName('alice')).toBe(userName('alice'));
  });

  test('hides a user name that is a MAC address (MAB) as well as the address itself', () => {
    for (const written of [MAC, 'A0-B1-C2-D3-E4-F5', 'a0b1.c2d3.e4f5']) {
      expect(userName(written)).not.toMatch(DEVICE_PART);
      expect(VENDOR_PART.test(userName(written) ?? '')).toBe(mode.startsWith('Vendor'));
    }
  });

  test('hides a Calling-Station-Id that is no MAC address altogether', () => {
    expect(mac('198.51.100.7')).not.toContain('198');
    expect(mac('a0b1c2d3e4f5;alice')).not.toMatch(/a0b1|alice/);
  });
});

describe('the key', () => {
  const show = (mode: PrivacyMode, key: string) => createIdentityPrivacy(mode, key).mac(MAC);

  test.each(['VendorKeyHashed', 'FullyKeyHashed'] as const)(
    'makes hashes of %s differ, so that trying all addresses fails',
    (mode) => {
      expect(show(mode, 'one')).not.toBe(show(mode, 'two'));
      expect(show(mode, 'one')).toBe(show(mode, 'one'));
    },
  );

  test.each(['VendorHashed', 'FullyHashed'] as const)(
    'does not matter to %s, whose hashes compare between sites',
    (mode) => {
      expect(show(mode, 'one')).toBe(show(mode, 'two'));
    },
  );
});

test.each(PRIVACY_MODES)('%s leaves out what the request did not say', (mode) => {
  const { mac, userName } = createIdentityPrivacy(mode, 'key');
  expect(mac(undefined)).toBeUndefined();
  expect(userName(undefined)).toBeUndefined();
});

describe('what a person wrote', () => {
  const WRITTEN = [
    'lost by jane@contoso.com, ticket 4711',
    'CORP\\jane has it',
    'seen as a0-b1-c2-d3-e4-f5',
    'seen as a0b1.c2d3.e4f5.',
    'A0B1C2D3E4F5 is a printer',
    '(a0:b1:c2:d3:e4:f5)',
  ];

  test.each(WRITTEN)('%s: neither address nor name is shown, the rest is', (text) => {
    const shown = hideIdentities(createIdentityPrivacy('FullyKeyHashed', 'key'), text);
    expect(shown).not.toMatch(/jane|a0.?b1|d3.?e4/i);
    for (const word of ['lost by', 'ticket 4711', 'has it', 'seen as', 'is a printer']) {
      expect(shown.includes(word)).toBe(text.includes(word));
    }
  });

  test('is whole where logs show everything', () => {
    for (const text of WRITTEN.slice(0, 2)) {
      expect(hideIdentities(createIdentityPrivacy('Original', ''), text)).toBe(text);
    }
  });
});
