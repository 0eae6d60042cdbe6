// A record of a list that was only compared has the same key and fingerprint as one that was read.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListedManagedDevice } from '../../../../shared/adapters/intune/listed-managed-device.ts';
import { MANAGED_DEVICE_PROPERTIES } from '../../../../shared/adapters/intune/managed-device.ts';
import { deviceContent, graceEndOf } from '../../../../shared/domain/device/device.ts';

const RECORD = {
  id: '705c034c-034c-705c-4c03-5c704c035c70',
  complianceState: 'compliant',
  deviceName: 'LT-0042',
  wiFiMacAddress: 'A0B1C2D3E4F5',
  isEncrypted: true,
  lastSyncDateTime: '2026-11-20T08:00:00Z',
};
const KEY = { source: 'intune', id: RECORD.id };

const listed = (record: unknown): ListedManagedDevice =>
  new ListedManagedDevice('intune', typeof record === 'string' ? record : JSON.stringify(record));

/** Whatever a source may put where a text belongs. */
const anyValue = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\\', '"id":"', '","lastSyncDateTime":"', 'inGracePeriod"', '2026-11-20', '2026-11-20T"'),
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.array(fc.string()),
  fc.object(),
);
const anyProperty = fc.constantFrom(...MANAGED_DEVICE_PROPERTIES);

describe('a record that was not read', () => {
  test('has the key that reading it gives', () => {
    const { device } = listed({ ...RECORD, id: RECORD.id.toUpperCase() }).read();
    expect(device).toMatchObject(KEY);
    expect(listed({ ...RECORD, id: RECORD.id.toUpperCase() }).key).toEqual(KEY);
  });

  test.each([[undefined], [null], [7], [''], ['not an id'], [['a']]])('has no key when its id is %j', (id) => {
    expect(listed({ ...RECORD, id }).key).toBeUndefined();
  });

  test('has a key, a state and a device that agree, whatever is in it', () => {
    fc.assert(
      fc.property(anyProperty, anyValue, fc.boolean(), (property, value, first) => {
        const record = first ? { [property]: value, ...RECORD, [property]: value } : { ...RECORD, [property]: value };
        const one = listed(record);
        const { device } = one.read();
        if (device === undefined) return;
        expect({ source: device.source, id: device.id }).toEqual(one.key);
        expect(one.graceExpiresAt).toBe(graceEndOf(device));
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    ['inGracePeriod', '2026-11-27T08:00:00Z', '2026-11-27T08:00:00.000Z'],
    ['InGracePeriod', '2026-11-27T10:00:00+02:00', '2026-11-27T08:00:00.000Z'],
    ['inGracePeriod', '9999-12-31T23:59:59Z', undefined],
    ['inGracePeriod', null, undefined],
    ['compliant', '2026-11-27T08:00:00Z', undefined],
  ])('that is %s until %s says when that ends as reading it does', (complianceState, until, end) => {
    const one = listed({ ...RECORD, complianceState, complianceGracePeriodExpirationDateTime: until });
    const { device } = one.read();
    expect([one.graceExpiresAt, device && graceEndOf(device)]).toEqual([end, end]);
  });

  test('is no device when it names two', () => {
    const twice = JSON.stringify(RECORD).replace('{', '{"id":"aaaaaaaa-0000-4000-8000-000000000000",');
    const { device, problems } = listed(twice).read();
    expect(device).toBeUndefined();
    expect(problems).toContainEqual({ id: RECORD.id, field: 'id', problem: expect.any(String) });
  });

  test('is no device when it was spoilt on its way', () => {
    const { device, problems } = listed(JSON.stringify(RECORD).replace('compliant', 'comp\u0000"liant')).read();
    expect(device).toBeUndefined();
    expect(problems).toEqual([{ field: 'value[]', problem: 'is not an object' }]);
  });
});

describe('its fingerprint', () => {
  test('stays the same when the device checks in again on the same day', () => {
    const evening = { ...RECORD, lastSyncDateTime: '2026-11-20T23:59:59.9Z' };
    expect(listed(evening).fingerprint).toBe(listed(RECORD).fingerprint);
    const tomorrow = { ...RECORD, lastSyncDateTime: '2026-11-21T00:00:00Z' };
    expect(listed(tomorrow).fingerprint).not.toBe(listed(RECORD).fingerprint);
  });

  test.each([
    '2026-11-20',
    '2026-11-20Tgarbage',
    '2026-11-20T23:59:00-12:00',
    '2026-11-20T24:00:00Z',
    '2026-11-20 08:00',
  ])('takes no liberty with a check-in at "%s"', (lastSyncDateTime) => {
    expect(listed({ ...RECORD, lastSyncDateTime }).fingerprint).not.toBe(listed(RECORD).fingerprint);
  });

  test('holds on to everything behind the time of the check-in', () => {
    const before = { lastSyncDateTime: RECORD.lastSyncDateTime, complianceState: 'compliant' };
    const after = { lastSyncDateTime: RECORD.lastSyncDateTime, complianceState: 'noncompliant' };
    expect(listed(after).fingerprint).not.toBe(listed(before).fingerprint);
  });

  test.each(MANAGED_DEVICE_PROPERTIES)('differs when %s does', (property) => {
    const other = listed({ ...RECORD, [property]: 'something else' });
    expect(other.fingerprint).not.toBe(listed(RECORD).fingerprint);
  });

  test('a value does not pass for another property’s', () => {
    const imei = listed({ ...RECORD, imei: '123' }).fingerprint;
    expect(listed({ ...RECORD, meid: '123' }).fingerprint).not.toBe(imei);
    const split = listed({ ...RECORD, imei: '1', meid: '23' }).fingerprint;
    expect(listed({ ...RECORD, imei: '12', meid: '3' }).fingerprint).not.toBe(split);
  });

  test('is the same only for records that read the same', () => {
    fc.assert(
      fc.property(anyProperty, anyValue, anyValue, (property, before, after) => {
        const one = listed({ ...RECORD, [property]: before });
        const other = listed({ ...RECORD, [property]: after });
        if (one.fingerprint !== other.fingerprint) return;
        const [first, second] = [one, other].map((record) => record.read().device);
        expect(first && deviceContent(first)).toBe(second && deviceContent(second));
      }),
      { numRuns: 10_000 },
    );
  });

  test('is a number of forty bits, of whatever text', () => {
    fc.assert(
      fc.property(fc.string(), (anything) => {
        const { fingerprint } = listed(anything);
        expect(Number.isInteger(fingerprint)).toBe(true);
        expect(fingerprint).toBeGreaterThanOrEqual(0);
        expect(fingerprint).toBeLessThan(2 ** 40);
      }),
      { numRuns: 10_000 },
    );
  });
});
