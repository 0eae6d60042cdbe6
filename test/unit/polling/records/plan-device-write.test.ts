// What is written for a device that a source lists, by what is stored.

import { describe, expect, test } from 'vitest';
import { fromDeviceEntity, toDeviceEntity } from '../../../../shared/adapters/table-storage/device-entity.ts';
import { identitiesOf } from '../../../../shared/domain/device/device-identities.ts';
import { identityText } from '../../../../shared/domain/identity/identity.ts';
import {
  planGone,
  planHardware,
  planObserved,
  planStale,
} from '../../../../shared/polling/records/plan-device-write.ts';
import type { DeviceWrite } from '../../../../shared/ports/device-store.ts';
import { aDevice, aMac, aStoredDevice } from '../../../support/a-device.ts';

const EARLIER = '2026-11-20T09:00:00.000Z';
const STORED_AT = '2026-11-20T10:00:00.000Z';
const LATER = '2026-11-20T12:00:00.000Z';

const OLD_MAC = { kind: 'mac', value: 'a0b1c2d3e4f5' } as const;
const movedToNewAddress = aDevice({ wifiMac: aMac('a0b1c2000001') });

function writeOf(plan: ReturnType<typeof planObserved>): DeviceWrite {
  if (plan.kind !== 'write') throw new TypeError(`expected a write, not ${plan.kind}`);
  return plan.write;
}

describe('the owner of a device', () => {
  test.each([
    ['enabled', 'none', 'gone'],
    ['disabled', 'none', 'gone'],
    ['gone', 'none', 'gone'],
    ['none', 'none', 'none'],
    [undefined, 'none', 'none'],
    ['gone', 'enabled', 'enabled'],
    // Nothing is read of owners any more.
    ['disabled', undefined, undefined],
  ])('was %s and is %s: %s', (before, listed, expected) => {
    const owned = (ownerAccount: string | undefined, name: string) =>
      aDevice({ name, ...(ownerAccount !== undefined && { ownerAccount }) });
    const stored = aStoredDevice({ device: owned(before, 'before') });
    const write = writeOf(planObserved(stored, owned(listed, 'after'), LATER));
    expect(write.record.device.ownerAccount).toBe(expected);
  });

  test('that is gone stays so, and a list that names none says nothing new', () => {
    const stored = aStoredDevice({ device: aDevice({ ownerAccount: 'gone' }) });
    expect(planObserved(stored, aDevice({ ownerAccount: 'none' }), LATER)).toEqual({ kind: 'unchanged' });
  });
});

describe('a device that Intune lists', () => {
  test('for the first time is written as version 1, its pointers still to come, and changes no answer before the reconciliation', () => {
    const write = writeOf(planObserved(undefined, aDevice(), LATER));
    expect(write.record).toEqual({
      device: aDevice(),
      presence: 'present',
      version: 1,
      observedAt: LATER,
      indexed: false,
    });
    expect(write).not.toHaveProperty('change');
    expect(write).not.toHaveProperty('replaces');
    expect(write.retiredIdentities).toEqual([]);
  });

  test('for the first time in a fleet that is known is a change', () => {
    const rules = { flips: { kind: 'apply' }, newIsChange: true } as const;
    const { change, record } = writeOf(planObserved(undefined, aDevice(), LATER, rules));
    expect(change).toMatchObject({ version: 1, after: { presence: 'present' } });
    expect(change).not.toHaveProperty('before');
    expect(record).not.toHaveProperty('unswept');
  });

  test('as it is stored already costs no write', () => {
    expect(planObserved(aStoredDevice(), aDevice(), LATER)).toEqual({ kind: 'unchanged' });
  });

  test('with a later check-in of the same day costs no write', () => {
    const checkedIn = aDevice({ lastSyncAt: '2026-11-20T11:30:00.000Z' });
    expect(planObserved(aStoredDevice(), checkedIn, LATER).kind).toBe('unchanged');
  });

  test('with a check-in of another day is written without a change, since no answer depends on it', () => {
    const write = writeOf(planObserved(aStoredDevice(), aDevice({ lastSyncAt: '2026-11-21T07:00:00.000Z' }), LATER));
    expect(write).not.toHaveProperty('change');
    expect(write.record).toMatchObject({ version: 8, indexed: true });
  });

  test('with another compliance replaces what was read, and keeps its pointers', () => {
    const write = writeOf(planObserved(aStoredDevice(), aDevice({ complianceState: 'noncompliant' }), LATER));
    expect(write.replaces).toBe('etag-7');
    expect(write.record).toMatchObject({ version: 8, observedAt: LATER, indexed: true });
    expect(write.change).toMatchObject({ version: 8, fields: ['complianceState'] });
    expect(write.retiredIdentities).toEqual([]);
  });

  test('with another address has its pointers put in place again, and the old one taken away', () => {
    const write = writeOf(planObserved(aStoredDevice(), movedToNewAddress, LATER));
    expect(write.record.indexed).toBe(false);
    expect(write.retiredIdentities).toEqual([OLD_MAC, { kind: 'macEnd', value: 'd3e4f5' }]);
  });

  test('after a crash before its pointers were in place has them put in place, without a new version', () => {
    const halfDone = aStoredDevice({ indexed: false });
    expect(planObserved(halfDone, aDevice(), LATER)).toEqual({ kind: 'index-again', stored: halfDone });
  });

  test('after a crash remembers the pointers which that run left behind', () => {
    const older = { kind: 'name', value: 'old-name' } as const;
    const halfDone = aStoredDevice({ indexed: false, retiredIdentities: [older] });
    const write = writeOf(planObserved(halfDone, movedToNewAddress, LATER));
    expect(write.record.indexed).toBe(false);
    expect(write.retiredIdentities.map(identityText).sort()).toEqual([
      'macEnd|d3e4f5',
      'mac|a0b1c2d3e4f5',
      'name|old-name',
    ]);
  });

  test('with an address it had before does not lose the pointer to it', () => {
    const stored = aStoredDevice({ device: movedToNewAddress, indexed: false, retiredIdentities: [OLD_MAC] });
    const write = writeOf(planObserved(stored, aDevice(), LATER));
    expect(write.retiredIdentities.map(identityText)).toEqual(['mac|a0b1c2000001', 'macEnd|000001']);
    expect(identitiesOf(write.record.device)).toContainEqual(OLD_MAC);
  });

  test('in an answer older than the record changes nothing', () => {
    const older = aDevice({ complianceState: 'noncompliant' });
    expect(planObserved(aStoredDevice({ observedAt: STORED_AT }), older, EARLIER)).toEqual({ kind: 'outdated' });
  });

  test('after it was gone comes back with a change, even if nothing else differs', () => {
    const write = writeOf(planObserved(aStoredDevice({ presence: 'gone' }), aDevice(), LATER));
    expect(write.record).toMatchObject({ presence: 'present', version: 8 });
    expect(write.change).toMatchObject({ before: { presence: 'gone' }, after: { presence: 'present' } });
  });
});

describe('a device that Intune lists no more', () => {
  test('is written as gone, with its content kept and a change', () => {
    const write = writeOf(planGone(aStoredDevice(), LATER));
    expect(write.record).toEqual({
      device: aDevice(),
      presence: 'gone',
      version: 8,
      observedAt: LATER,
      indexed: true,
    });
    expect(write.replaces).toBe('etag-7');
    expect(write.change).toMatchObject({ after: { presence: 'gone' }, fields: ['presence'] });
  });

  test('stays half done if it was half done', () => {
    const write = writeOf(planGone(aStoredDevice({ indexed: false, retiredIdentities: [OLD_MAC] }), LATER));
    expect(write.record.indexed).toBe(false);
    expect(write.retiredIdentities).toEqual([OLD_MAC]);
  });

  test('is not gone when something newer than the list has seen it', () => {
    expect(planGone(aStoredDevice({ observedAt: LATER }), STORED_AT)).toEqual({ kind: 'outdated' });
  });

  test('is not written twice, and nothing is written for one that was never stored', () => {
    expect(planGone(aStoredDevice({ presence: 'gone' }), LATER)).toEqual({ kind: 'unchanged' });
    expect(planGone(undefined, LATER)).toEqual({ kind: 'unchanged' });
  });
});

describe('that an operator has asked for the stations of a device', () => {
  const asked = { ...aStoredDevice(), reauthenticationAskedAt: LATER };

  test.each([
    ['turns', planObserved(asked, aDevice({ complianceState: 'noncompliant' }), LATER)],
    ['checks in', planObserved(asked, aDevice({ lastSyncAt: '2026-11-21T07:00:00.000Z' }), LATER)],
    ['is missed', planStale(asked, undefined, LATER)],
    ['leaves', planGone(asked, LATER)],
    ['gets its hardware', planHardware(asked, { ethernetMac: aMac('a0b1c2d3e4f7') }, LATER)],
  ])('is known after it %s', (_what, plan) => {
    const { record, retiredIdentities } = writeOf(plan);
    const entity = { ...toDeviceEntity({ record, retiredIdentities }), etag: '1' };
    expect(fromDeviceEntity(entity)).toMatchObject({ reauthenticationAskedAt: LATER });
  });
});
