import { describe, expect, test } from 'vitest';
import { planAbsent, planConfirmed, planNeverStored } from '../../../shared/polling/plan-point-read.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../support/a-device.ts';

const EARLIER = '2026-11-20T09:00:00.000Z';
const LATER = '2026-11-20T12:00:00.000Z';
const ALONE = { besidesSweep: false };
const ABSENT = { besidesSweep: false, holdAbsences: false };

describe('a read that finds the device', () => {
  test('as it is stored says how fresh the record is, and nothing else', () => {
    const stored = aStoredDevice();
    const plan = planConfirmed(stored, aDevice(), LATER, ALONE);
    expect(plan).toMatchObject({
      kind: 'write',
      write: { record: { version: stored.version, observedAt: LATER }, replaces: stored.etag },
    });
    expect(plan.kind === 'write' && plan.write.change).toBeFalsy();
  });

  test('changed is a change', () => {
    const plan = planConfirmed(aStoredDevice(), aDevice({ complianceState: 'noncompliant' }), LATER, ALONE);
    expect(plan).toMatchObject({ kind: 'write', write: { change: { after: { complianceState: 'noncompliant' } } } });
  });

  test('that was begun before the record was observed says nothing', () => {
    const changed = aDevice({ complianceState: 'noncompliant' });
    expect(planConfirmed(aStoredDevice(), changed, EARLIER, ALONE)).toEqual({ kind: 'outdated' });
  });

  test('ends a doubt', () => {
    const plan = planConfirmed(aStoredDevice({ confirmedUntil: EARLIER }), aDevice(), LATER, ALONE);
    expect(plan.kind === 'write' && plan.write.record).not.toHaveProperty('confirmedUntil');
  });
});

describe('a read that finds no device', () => {
  test('makes the record doubtful, and the device stays', () => {
    const plan = planAbsent(aStoredDevice(), LATER, ABSENT);
    expect(plan).toMatchObject({ kind: 'write', write: { record: { presence: 'present' } } });
    expect(plan.kind === 'write' && plan.write.record.confirmedUntil).toBeDefined();
  });

  test('for the second time takes it away', () => {
    const plan = planAbsent(aStoredDevice({ confirmedUntil: EARLIER }), LATER, ABSENT);
    expect(plan).toMatchObject({ kind: 'write', write: { record: { presence: 'gone' }, change: { version: 8 } } });
  });

  test('takes none away while too many are absent at once', () => {
    const doubted = aStoredDevice({ confirmedUntil: EARLIER });
    expect(planAbsent(doubted, LATER, { ...ABSENT, holdAbsences: true })).toEqual({ kind: 'unchanged' });
  });

  test('that nobody has stored, or that is gone already, is nothing new', () => {
    expect(planAbsent(undefined, LATER, ABSENT)).toEqual({ kind: 'unchanged' });
    expect(planAbsent(aStoredDevice({ presence: 'gone' }), LATER, ABSENT)).toEqual({ kind: 'unchanged' });
  });

  test('that let a session in on Intune’s own word leaves a record of its absence, with a change', () => {
    expect(planNeverStored({ source: 'intune', id: DEVICE_ID }, LATER, ALONE)).toMatchObject({
      kind: 'write',
      write: {
        record: { presence: 'gone', observedAt: LATER, version: 1 },
        change: { id: DEVICE_ID, after: { presence: 'gone' } },
      },
    });
  });
});
