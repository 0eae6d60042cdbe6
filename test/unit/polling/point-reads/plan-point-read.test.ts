// What is written after a single device was read.

import { describe, expect, test } from 'vitest';
import type { Device } from '../../../../shared/domain/device/device.ts';
import {
  planAbsent,
  planConfirmed,
  planLiveWordOver,
  planProvenAbsent,
  planUnlisted,
} from '../../../../shared/polling/point-reads/plan-point-read.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../../support/a-device.ts';

const EARLIER = '2026-11-20T09:00:00.000Z';
const LATER = '2026-11-20T12:00:00.000Z';
const ALONE = { outOfBand: false };
const ABSENT = { outOfBand: false, holdAbsences: false };
const HOLD = {
  kind: 'hold',
  answersDiffer: (before: Device, after: Device) =>
    (before.complianceState === 'compliant') !== (after.complianceState === 'compliant'),
  runId: 'refresh-1',
  confirmedUntil: undefined,
} as const;
const HELD_FLIP = {
  runId: 'noncompliant-1',
  observedAt: '2026-11-20T11:00:00.000Z',
  device: aDevice({ complianceState: 'noncompliant' }),
};

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

  test('that is not stored, or that is gone already, is nothing new', () => {
    expect(planAbsent(undefined, LATER, ABSENT)).toEqual({ kind: 'unchanged' });
    expect(planAbsent(aStoredDevice({ presence: 'gone' }), LATER, ABSENT)).toEqual({ kind: 'unchanged' });
  });

  test('that let a session in on Intune’s own word leaves a record of its absence, with a change', () => {
    expect(planLiveWordOver({ source: 'intune', id: DEVICE_ID }, undefined, LATER, ALONE)).toMatchObject({
      kind: 'write',
      write: {
        record: { presence: 'gone', observedAt: LATER, version: 1 },
        change: { id: DEVICE_ID, after: { presence: 'gone' } },
      },
    });
  });

  test('that let a session in on Intune’s own word is news, too, where the record of before was gone already', () => {
    const stored = aStoredDevice({ presence: 'gone' });
    expect(planLiveWordOver({ source: 'intune', id: DEVICE_ID }, stored, LATER, ALONE)).toMatchObject({
      kind: 'write',
      write: {
        record: { presence: 'gone', observedAt: LATER, version: stored.version + 1 },
        change: { id: DEVICE_ID, version: stored.version + 1, after: { presence: 'gone' } },
        replaces: stored.etag,
      },
    });
  });
});

describe('while a run holds what it would turn or lose', () => {
  test('a verdict that turns stands beside the record, without a change', () => {
    const stored = aStoredDevice();
    const turned = aDevice({ complianceState: 'noncompliant' });
    const plan = planConfirmed(stored, turned, LATER, { ...ALONE, flips: HOLD });
    expect(plan).toMatchObject({
      kind: 'write',
      write: {
        record: { version: stored.version, device: stored.device, held: { runId: HOLD.runId, device: turned } },
        mark: 'held',
      },
    });
    expect(plan).not.toHaveProperty('write.change');
  });

  test('a second absence is held, and leaves the device present', () => {
    const plan = planAbsent(aStoredDevice({ confirmedUntil: EARLIER }), LATER, { ...ABSENT, flips: HOLD });
    expect(plan).toMatchObject({
      kind: 'write',
      write: { record: { presence: 'present', held: { runId: HOLD.runId, observedAt: LATER } }, mark: 'held' },
    });
  });

  test('a held verdict is no witness for absence', () => {
    const stored = aStoredDevice({ confirmedUntil: EARLIER, held: HELD_FLIP });
    expect(planAbsent(stored, LATER, { ...ABSENT, flips: HOLD })).toEqual({ kind: 'unchanged' });
  });
});

describe('a read of a whole device that finds none', () => {
  const RULES = { outOfBand: true } as const;

  test('is proof: the device is gone at once, is counted first, or is held, as the rule says', () => {
    const stored = aStoredDevice();
    expect(planProvenAbsent(stored, LATER, RULES)).toMatchObject({ write: { record: { presence: 'gone' } } });
    const collect = { kind: 'collect', answersDiffer: () => false } as const;
    expect(planProvenAbsent(stored, LATER, { ...RULES, flips: collect })).toEqual({ kind: 'flip' });
    expect(planProvenAbsent(stored, LATER, { ...RULES, flips: HOLD })).toMatchObject({
      write: { record: { presence: 'present', held: { runId: HOLD.runId, observedAt: LATER } }, mark: 'held' },
    });
  });

  test('is no news of one that is gone, or whose absence is held', () => {
    expect(planProvenAbsent(undefined, LATER, RULES)).toEqual({ kind: 'unchanged' });
    expect(planProvenAbsent(aStoredDevice({ presence: 'gone' }), LATER, RULES)).toEqual({ kind: 'unchanged' });
    const held = { runId: HOLD.runId, observedAt: EARLIER };
    expect(planProvenAbsent(aStoredDevice({ held }), LATER, RULES)).toEqual({ kind: 'held' });
  });
});

describe('a list that does not name a device which is held as noncompliant', () => {
  const stored = aStoredDevice({ confirmedUntil: '2026-11-20T10:00:00.000Z', held: HELD_FLIP });
  const named = (): boolean => true;
  const notNamed = (): boolean => false;

  test('leaves the record as it was before', () => {
    const plan = planUnlisted(stored, LATER, notNamed);
    expect(plan).toMatchObject({ kind: 'write', write: { record: { version: stored.version }, mark: 'doubt' } });
    expect(plan).not.toHaveProperty('write.record.held');
    expect(plan).not.toHaveProperty('write.record.confirmedUntil');
    expect(plan).not.toHaveProperty('write.change');
  });

  test('says nothing when it was asked for before, or may mean the device after all', () => {
    expect(planUnlisted(stored, EARLIER, notNamed)).toEqual({ kind: 'outdated' });
    expect(planUnlisted(stored, LATER, named)).toEqual({ kind: 'held' });
  });

  test('says nothing of what is held for another reason', () => {
    const toCompliant = { ...HELD_FLIP, device: aDevice({ complianceState: 'compliant' }) };
    const { device, ...absence } = HELD_FLIP;
    for (const held of [toCompliant, absence]) {
      expect(planUnlisted({ ...stored, held }, LATER, notNamed)).toEqual({ kind: 'unchanged' });
    }
    expect(planUnlisted(undefined, LATER, notNamed)).toEqual({ kind: 'unchanged' });
  });
});
