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
    const anyProperty = fc.constantFrom(...MANAGED_DEVICE_PROPERTIES);
    fc.assert(
      fc.property(anyProperty, anyValue, anyValue, (property, before, after) => {
        const one = { ...RECORD, [property]: before };
        const other = { ...RECORD, [property]: after };
        if (managedDeviceFingerprint(one) !== managedDeviceFingerprint(other)) return;
        const [first, second] = [one, other].map((record) => readManagedDevice('intune', record).device);
        expect(first && deviceContent(first)).toBe(second && deviceContent(second));
      }),
      { numRuns: 2_000 },
    );
  });

  test('costs nothing more for a record that is nested deeper than any stack', () => {
    const depth = 200_000;
    const deep: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(managedDeviceFingerprint({ ...RECORD, deviceName: deep })).toMatch(/^[0-9a-f]{10}$/);
  });
});
