// Which differences between two reads of a device are a change.

import { expect, test } from 'vitest';
import { describeChange } from '../../../../shared/domain/device/device-change.ts';
import { aDevice, aMac, aStoredDevice, DEVICE_ID } from '../../../support/a-device.ts';

const before = aStoredDevice({ version: 7 });
const LATER = '2026-11-20T12:00:00.000Z';

test('a device never seen before is a change without a before', () => {
  const change = describeChange(undefined, aStoredDevice({ version: 1, observedAt: LATER }));
  expect(change).toMatchObject({
    source: 'intune',
    id: DEVICE_ID,
    version: 1,
    observedAt: LATER,
    after: { presence: 'present', complianceState: 'compliant' },
  });
  expect(change).not.toHaveProperty('before');
});

test('a device that is no longer compliant is a change from compliant to noncompliant', () => {
  const after = aStoredDevice({ device: aDevice({ complianceState: 'noncompliant' }), version: 8, observedAt: LATER });
  expect(describeChange(before, after)).toEqual({
    source: 'intune',
    id: DEVICE_ID,
    version: 8,
    observedAt: LATER,
    before: { presence: 'present', complianceState: 'compliant' },
    after: { presence: 'present', complianceState: 'noncompliant' },
    fields: ['complianceState'],
  });
});

test('a new Wi-Fi address is a change, although compliance stayed', () => {
  const after = aStoredDevice({ device: aDevice({ wifiMac: aMac('a0b1c2000001') }), version: 8 });
  expect(describeChange(before, after)?.fields).toEqual(['wifiMac']);
});

test('an address that Intune no longer names is a change', () => {
  const { wifiMac: _wifiMac, ...withoutMac } = aDevice();
  expect(describeChange(before, aStoredDevice({ device: withoutMac, version: 8 }))?.fields).toEqual(['wifiMac']);
});

test('a device that is gone, and one that comes back, are changes of presence', () => {
  const gone = aStoredDevice({ presence: 'gone', version: 8 });
  expect(describeChange(before, gone)).toMatchObject({
    before: { presence: 'present' },
    after: { presence: 'gone' },
    fields: ['presence'],
  });
  expect(describeChange(gone, aStoredDevice({ version: 9 }))).toMatchObject({ after: { presence: 'present' } });
});

test('a check-in alone changes no answer and is no change', () => {
  const after = aStoredDevice({ device: aDevice({ lastSyncAt: '2026-11-21T09:00:00.000Z' }), version: 8 });
  expect(describeChange(before, after)).toBeUndefined();
});

test('a check-in together with a change of compliance names only what an answer can depend on', () => {
  const device = aDevice({ lastSyncAt: '2026-11-21T09:00:00.000Z', complianceState: 'inGracePeriod' });
  expect(describeChange(before, aStoredDevice({ device, version: 8 }))?.fields).toEqual(['complianceState']);
});
