// The facts that policies ask about, above all times.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ageOf,
  mediumOf,
  minutesSinceEnrolment,
  requestFacts,
  ssidCandidates,
} from '../../../../shared/domain/policy/policy-facts.ts';
import { someFacts } from '../../../support/policy-facts.ts';

test.each([
  ['Ethernet', 'wired'],
  ['15', 'wired'],
  ['Wireless-802.11', 'wireless'],
  ['19', 'wireless'],
  ['Wireless - IEEE 802.11', 'wireless'],
  ['Virtual', 'vpn'],
  ['5', 'vpn'],
  ['Async', undefined],
  ['constructor', undefined],
  ['', undefined],
])('NAS-Port-Type %s is %s', (nasPortType, medium) => {
  expect(mediumOf(someFacts({ nasPortType }))).toBe(medium);
});

test.each([
  ['00-11-22-AA-BB-CC:Corp', 'Corp'],
  ['00:11:22:aa:bb:cc:Corp', 'Corp'],
  ['001122aabbcc:Guest: 2nd floor', 'Guest: 2nd floor'],
  ['0011.22aa.bbcc:Corp', 'Corp'],
  ['00-11-22-AA-BB-CC', undefined],
  ['00:11:22:aa:bb:cc', undefined],
  ['Corp', undefined],
])('Called-Station-Id %s holds the SSID %s', (calledStationId, ssid) => {
  expect(ssidCandidates(someFacts({ calledStationId })) ?? []).toEqual(ssid === undefined ? [] : [ssid]);
});

describe('times', () => {
  test('minutes since enrolment are whole, never negative, and unknown where the source does not say', () => {
    const since = (enrolledAt: string) =>
      minutesSinceEnrolment(someFacts({ device: { complianceState: 'unknown', enrolledAt } }));
    expect(since('2026-11-20T09:00:30.000Z')).toBe(59);
    expect(since('2026-11-20T11:00:00.000Z')).toBe(0);
    expect(since('yesterday')).toBeUndefined();
    // Clocks may differ; what is said to happen hours later cannot be believed.
    expect(since('2026-11-20T11:00:01.000Z')).toBeUndefined();
    expect(minutesSinceEnrolment(someFacts({ device: { complianceState: 'unknown' } }))).toBeUndefined();
  });

  test('the age of an answer is that of the knowledge behind it', () => {
    expect(ageOf(someFacts())).toBe(3_600_000);
    expect(ageOf(someFacts({ asOf: '2026-11-20T10:30:00.000Z' }))).toBe(0);
  });
});

test('what a request says is bounded, well formed, and absent when empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70_000 }), (text) => {
      const facts = requestFacts('hq', { userName: text, nasIdentifier: '' });
      expect(facts.userName?.length ?? 0).toBeLessThanOrEqual(253);
      expect(facts.userName?.isWellFormed() ?? true).toBe(true);
      expect(facts).not.toHaveProperty('nasIdentifier');
    }),
  );
});
