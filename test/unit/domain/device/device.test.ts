// Keys and content of devices.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Device,
  deviceContent,
  deviceHash,
  deviceKeyText,
  isBeingRemoved,
  isDeviceId,
  parseDeviceKeyText,
} from '../../../../shared/domain/device/device.ts';
import { mayBeNoncompliant, standingOfDevice } from '../../../../shared/domain/device/record-standing.ts';
import { aDevice, aDeviceOfFleet, aMac } from '../../../support/a-device.ts';

describe('the key of a device', () => {
  test('is read back from its text', () => {
    const sources = fc.constantFrom('intune', 'meraki', 'ivanti');
    fc.assert(
      fc.property(sources, fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/), (source, id) => {
        expect(isDeviceId(id)).toBe(true);
        expect(parseDeviceKeyText(deviceKeyText({ source, id }))).toEqual({ source, id });
      }),
    );
  });

  test('two sources with the same id are two devices', () => {
    expect(deviceHash({ source: 'intune', id: 'x' })).not.toBe(deviceHash({ source: 'meraki', id: 'x' }));
  });

  test.each(['', 'has blank', 'a/b', 'a|b', 'a\nb', "a'b", '-a', 'ABC', 'ä', 'a'.repeat(65)])(
    '"%s" is no device id',
    (id) => {
      expect(isDeviceId(id)).toBe(false);
    },
  );

  test('a fleet of 16,000 spreads over the sixteen shards within a fifth of a thousand each', () => {
    const perShard = new Map<string, number>();
    for (let number = 0; number < 16_000; number++) {
      const shard = deviceHash(aDeviceOfFleet(number)).charAt(0);
      perShard.set(shard, (perShard.get(shard) ?? 0) + 1);
    }
    expect([...perShard.keys()].sort().join('')).toBe('0123456789abcdef');
    expect(Math.min(...perShard.values())).toBeGreaterThan(800);
    expect(Math.max(...perShard.values())).toBeLessThan(1200);
  });
});

describe('the content of a device', () => {
  test('does not depend on the order in which the source names its properties', () => {
    const device = aDevice();
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(device), { minLength: Object.keys(device).length }), (entries) => {
        const reordered = Object.fromEntries(entries) as unknown as Device;
        expect(deviceContent(reordered)).toBe(deviceContent(device));
      }),
    );
  });

  test('a check-in on the same day changes nothing', () => {
    const evening = aDevice({ lastSyncAt: '2026-11-20T23:59:59.999Z' });
    expect(deviceContent(evening)).toBe(deviceContent(aDevice()));
  });

  test('a check-in on another day does', () => {
    const tomorrow = aDevice({ lastSyncAt: '2026-11-21T00:00:00.000Z' });
    expect(deviceContent(tomorrow)).not.toBe(deviceContent(aDevice()));
  });

  test.each<[string, Partial<Device>]>([
    ['compliance', { complianceState: 'noncompliant' }],
    ['the name', { name: 'LT-0043' }],
    ['the Wi-Fi address', { wifiMac: aMac('a0b1c2d3e4f6') }],
    ['encryption', { isEncrypted: false }],
    ['the end of the grace period', { graceExpiresAt: '2026-11-21T00:00:00.000Z' }],
  ])('%s counts', (_what, fields) => {
    expect(deviceContent(aDevice(fields))).not.toBe(deviceContent(aDevice()));
  });

  test('a value does not pass for another property’s', () => {
    const { serialNumber: _serialNumber, ...rest } = aDevice();
    expect(deviceContent({ ...rest, imei: '123' })).not.toBe(deviceContent({ ...rest, serialNumber: '123' }));
  });
});

describe('a device that leaves', () => {
  test.each([
    [{ managementState: 'retirePending' }, true],
    [{ managementState: 'wipeIssued' }, true],
    [{ managementState: 'retireCanceled' }, false],
    [{ registrationState: 'revoked' }, true],
    [{ registrationState: 'Revoked', managementState: 'managed' }, true],
    [{ registrationState: 'registered' }, false],
    [{ registrationState: 'keyConflict' }, false],
    [{ registrationState: 'unknownFutureValue' }, false],
  ] as const)('%o: %s, however compliant it is said to be', (states, leaves) => {
    expect(isBeingRemoved(aDevice({ complianceState: 'compliant', ...states }))).toBe(leaves);
  });
});

describe('a device whose account is disabled', () => {
  test.each([
    [{ accountEnabled: false }, 'disabled'],
    [{ accountEnabled: false, managementState: 'wipePending' }, 'disabled'],
    [{ accountEnabled: true, ownerAccount: 'disabled' }, 'disabled'],
    [{ accountEnabled: true, ownerAccount: 'gone' }, 'disabled'],
    [{ accountEnabled: true, ownerAccount: 'enabled' }, 'compliant'],
    [{ accountEnabled: true, ownerAccount: 'none' }, 'compliant'],
    [{}, 'compliant'],
  ] as const)('%o: %s, however compliant it is said to be', (account, standing) => {
    const device = aDevice({ complianceState: 'compliant', ...account });
    const at = device.lastSyncAt ?? '2026-11-20T10:00:00.000Z';
    expect(standingOfDevice(device, at, 3_600_000)).toBe(standing);
    const record = { device, presence: 'present' } as const;
    expect(mayBeNoncompliant(record)).toBe(standing === 'disabled');
  });
});
