// The identities that a device claims.

import { describe, expect, test } from 'vitest';
import { claims, identitiesOf } from '../../../../shared/domain/device/device-identities.ts';
import { identityText } from '../../../../shared/domain/identity/identity.ts';
import { aDevice, aMac, aStoredDevice, DEVICE_ID } from '../../../support/a-device.ts';

describe('what a device can be recognised by', () => {
  test('both of its addresses, its names and numbers, in lower case', () => {
    const device = aDevice({
      ethernetMac: aMac('a0b1c2000001'),
      entraDeviceId: '2c1f0000-0000-4000-8000-00000000ABCD',
      name: ' LT-0042 ',
      serialNumber: 'PF3XYZ12',
      imei: '356938035643809',
      meid: 'A1000009D1F3A2',
      udid: '00008030-001A2D3E1E38802E',
    });
    expect(identitiesOf(device).map(identityText).sort()).toEqual([
      'entraDeviceId|2c1f0000-0000-4000-8000-00000000abcd',
      'imei|356938035643809',
      'mac|a0b1c2000001',
      'mac|a0b1c2d3e4f5',
      'meid|a1000009d1f3a2',
      'name|lt-0042',
      'serialNumber|pf3xyz12',
      'udid|00008030-001a2d3e1e38802e',
    ]);
  });

  test('one address for Wi-Fi and cable counts once', () => {
    const device = aDevice({ ethernetMac: aMac('a0b1c2d3e4f5') });
    expect(identitiesOf(device).filter(({ kind }) => kind === 'mac')).toHaveLength(1);
  });

  test.each([
    ['a random address', 'd2:b1:c2:d3:e4:f5'],
    ['a group address', '01:00:5e:00:00:fb'],
    ['the broadcast address', 'ff:ff:ff:ff:ff:ff'],
    ['zeros', '00:00:00:00:00:00'],
  ])('not %s, even if Intune names it', (_what, text) => {
    const kinds = identitiesOf(aDevice({ wifiMac: aMac(text) })).map(({ kind }) => kind);
    expect(kinds).not.toContain('mac');
  });

  test('not a name made of blanks', () => {
    expect(identitiesOf(aDevice({ name: '  ' })).map(({ kind }) => kind)).not.toContain('name');
  });
});

describe('whether a device still claims an identity', () => {
  const mac = { kind: 'mac', value: 'a0b1c2d3e4f5' } as const;

  test('yes, while it is present and holds it', () => {
    expect(claims(aStoredDevice(), mac)).toBe(true);
    expect(claims(aStoredDevice(), { kind: 'deviceId', value: DEVICE_ID })).toBe(true);
  });

  test('no, once it is gone', () => {
    const gone = aStoredDevice({ presence: 'gone' });
    expect(claims(gone, mac)).toBe(false);
    expect(claims(gone, { kind: 'deviceId', value: DEVICE_ID })).toBe(false);
  });

  test('no, when it has another address by now', () => {
    expect(claims(aStoredDevice({ device: aDevice({ wifiMac: aMac('a0b1c2000001') }) }), mac)).toBe(false);
  });

  test('no, when the same text is an identity of another kind', () => {
    expect(
      claims(aStoredDevice({ device: aDevice({ serialNumber: 'a0b1c2000009' }) }), {
        kind: 'mac',
        value: 'a0b1c2000009',
      }),
    ).toBe(false);
  });

  test('no, when it is another device', () => {
    expect(claims(aStoredDevice(), { kind: 'deviceId', value: '00000000-0000-4000-8000-000000000001' })).toBe(false);
  });
});
