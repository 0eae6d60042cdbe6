import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MANAGED_DEVICE_PROPERTIES, readManagedDevice } from '../../../../shared/adapters/intune/managed-device.ts';
import { managedDeviceFingerprint } from '../../../../shared/adapters/intune/managed-device-fingerprint.ts';
import { deviceContent } from '../../../../shared/domain/device.ts';

const RECORD = {
  id: '705c034c-034c-705c-4c03-5c704c035c70',
  complianceState: 'compliant',
  deviceName: 'LT-0042',
  wiFiMacAddress: 'A0B1C2D3E4F5',
  isEncrypted: true,
  lastSyncDateTime: '2026-11-20T08:00:00Z',
};

/** Whatever a source may put where a text belongs. */
const anyValue = fc.oneof(
  fc.string(),
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.array(fc.string()),
  fc.object(),
);
const anyRecord = fc.record(Object.fromEntries(MANAGED_DEVICE_PROPERTIES.map((name) => [name, anyValue])), {
  requiredKeys: [],
});

describe('the fingerprint of a record', () => {
  test('does not depend on the order of its properties, nor on those nobody asked for', () => {
    const reversed = Object.fromEntries(Object.entries(RECORD).reverse());
    expect(managedDeviceFingerprint({ '@odata.etag': 'W/"1"', ...reversed })).toBe(managedDeviceFingerprint(RECORD));
  });

  test('stays the same when the device checks in again on the same day', () => {
    const evening = { ...RECORD, lastSyncDateTime: '2026-11-20T23:59:59.9Z' };
    expect(managedDeviceFingerprint(evening)).toBe(managedDeviceFingerprint(RECORD));
    const tomorrow = { ...RECORD, lastSyncDateTime: '2026-11-21T00:00:00Z' };
    expect(managedDeviceFingerprint(tomorrow)).not.toBe(managedDeviceFingerprint(RECORD));
  });

  test.each(MANAGED_DEVICE_PROPERTIES)('differs when %s does', (property) => {
    const other = managedDeviceFingerprint({ ...RECORD, [property]: 'something else' });
    expect(other).not.toBe(managedDeviceFingerprint(RECORD));
  });

  test('a value does not pass for another property’s', () => {
    const imei = managedDeviceFingerprint({ ...RECORD, imei: '123' });
    expect(managedDeviceFingerprint({ ...RECORD, meid: '123' })).not.toBe(imei);
    const split = managedDeviceFingerprint({ ...RECORD, imei: '1', meid: '23' });
    expect(managedDeviceFingerprint({ ...RECORD, imei: '12', meid: '3' })).not.toBe(split);
  });

  test('is the same only for records that read the same', () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, fc.subarray([...MANAGED_DEVICE_PROPERTIES]), (a, b, kept) => {
        const mixed = { ...b, ...Object.fromEntries(kept.map((name) => [name, a[name]])) };
        for (const other of [b, mixed]) {
          const [one, two] = [a, other].map((record) => readManagedDevice('intune', { ...RECORD, ...record }).device);
          const same =
            managedDeviceFingerprint({ ...RECORD, ...a }) === managedDeviceFingerprint({ ...RECORD, ...other });
          if (same) expect(one && deviceContent(one)).toBe(two && deviceContent(two));
        }
      }),
    );
  });

  test('costs nothing more for a record that is nested deeper than any stack', () => {
    const depth = 200_000;
    const deep: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(managedDeviceFingerprint({ ...RECORD, deviceName: deep })).toMatch(/^[0-9a-f]{10}$/);
  });
});
