// Which records of several sources are one device, and whose verdict counts.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isJoined,
  type PrecedenceOf,
  type SourceVerdict,
  strongIdentities,
  verdictThatCounts,
} from '../../../../shared/domain/device/joined-records.ts';
import { currentEnrolment } from '../../../../shared/domain/device/same-machine.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../../support/a-device.ts';

const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const WORST_FIRST = [
  'disabled',
  'beingRemoved',
  'noncompliant',
  'error',
  'conflict',
  'silent',
  'unknown',
  'configManager',
  'inGracePeriod',
  'compliant',
] as const;
type Given = Partial<Omit<SourceVerdict, 'source'>>;

function verdict(source: string, standing: SourceVerdict['standing'], fields: Given = {}): SourceVerdict {
  return { source, id: `${source}-1`, version: 3, standing, marks: [], asOf: '2026-11-30T10:00:00.000Z', ...fields };
}

const none: PrecedenceOf = () => undefined;
const of =
  (numbers: Record<string, number>): PrecedenceOf =>
  (source) =>
    numbers[source];
const STALE: Given = { marks: ['stale'] };
const AWAY: Given = { reachable: false };

function counting(all: readonly SourceVerdict[], precedenceOf = none): string[] {
  const [found, ...others] = all;
  const { verdict: counts, because } = verdictThatCounts(found as SourceVerdict, others, precedenceOf);
  return [counts.source, counts.standing, because];
}

describe('records are one device', () => {
  const intune = aDevice({ entraDeviceId: ENTRA });
  const jamf = (fields: object) => aDevice({ source: 'jamf', id: '4711', ...fields });

  test('where they share an Entra id, or the GUID that Intune gave', () => {
    expect(isJoined(intune, jamf({ entraDeviceId: ENTRA.toUpperCase() }))).toBe(true);
    expect(isJoined(intune, jamf({ id: DEVICE_ID }))).toBe(true);
  });

  test('and not by what others have or copy: address, serial number, name, user, all of them at once', () => {
    expect(isJoined({ ...intune, userPrincipalName: 'a@b.c' }, jamf({ userPrincipalName: 'a@b.c' }))).toBe(false);
    expect(isJoined(intune, jamf({ entraDeviceId: DEVICE_ID }))).toBe(false);
    expect(isJoined(jamf({}), { ...jamf({}), source: 'meraki' })).toBe(false);
  });

  test('within one source two records are two, by whatever ids', () => {
    expect(isJoined(intune, aDevice({ id: ENTRA, entraDeviceId: ENTRA }))).toBe(false);
  });

  test.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'none', ''])(
    'what stands for no id joins nothing: "%s"',
    (nothing) => {
      expect(strongIdentities(aDevice({ id: '4711', entraDeviceId: nothing }))).toEqual([]);
    },
  );
});

describe('the verdict that counts', () => {
  test.each<[string, readonly SourceVerdict[], PrecedenceOf, string[]]>([
    ['the worse', [verdict('a', 'compliant'), verdict('b', 'noncompliant')], none, ['b', 'noncompliant', 'worst']],
    [
      'that which was found, of equals',
      [verdict('b', 'compliant'), verdict('a', 'compliant')],
      none,
      ['b', 'compliant', 'agreed'],
    ],
    [
      'precedence',
      [verdict('a', 'noncompliant'), verdict('b', 'compliant')],
      of({ b: 1 }),
      ['b', 'compliant', 'precedence'],
    ],
    [
      'the higher number',
      [verdict('a', 'noncompliant'), verdict('b', 'compliant')],
      of({ a: 1, b: 2 }),
      ['b', 'compliant', 'precedence'],
    ],
    [
      'the worse, of one number',
      [verdict('a', 'noncompliant'), verdict('b', 'compliant')],
      of({ a: 2, b: 2 }),
      ['a', 'noncompliant', 'worst'],
    ],
    [
      'disabled, whatever precedence says',
      [verdict('a', 'compliant'), verdict('b', 'disabled')],
      of({ a: 9 }),
      ['b', 'disabled', 'disabled'],
    ],
    [
      'the worse where precedence is stale',
      [verdict('a', 'noncompliant'), verdict('b', 'compliant', STALE)],
      of({ b: 1 }),
      ['a', 'noncompliant', 'worst'],
    ],
    [
      'the worse where precedence is away',
      [verdict('a', 'noncompliant'), verdict('b', 'compliant', AWAY)],
      of({ b: 1 }),
      ['a', 'noncompliant', 'worst'],
    ],
    [
      'what is stale and worse',
      [verdict('a', 'compliant'), verdict('b', 'noncompliant', STALE)],
      none,
      ['b', 'noncompliant', 'worst'],
    ],
    [
      'what is away and worse',
      [verdict('a', 'compliant'), verdict('b', 'noncompliant', AWAY)],
      none,
      ['b', 'noncompliant', 'worst'],
    ],
    ['its own alone', [verdict('a', 'inGracePeriod')], of({ a: 1 }), ['a', 'inGracePeriod', 'agreed']],
  ])('%s', (_what, all, precedenceOf, wanted) => {
    expect(counting(all, precedenceOf)).toEqual(wanted);
  });

  const anyVerdict = fc.record({
    standing: fc.constantFrom(...WORST_FIRST),
    marks: fc.subarray(['stale', 'held'] as const),
    reachable: fc.boolean(),
  });
  const several = fc
    .array(anyVerdict, { minLength: 1, maxLength: 7 })
    .map((list) => list.map(({ standing, ...fields }, index) => verdict(`s${index}`, standing, fields)));
  const numbers = fc.dictionary(fc.constantFrom('s0', 's1', 's2', 's3'), fc.nat(2));
  const rank = ({ standing }: SourceVerdict): number => (WORST_FIRST as readonly string[]).indexOf(standing);

  test('does not depend on the order of the sources', () => {
    fc.assert(
      fc.property(
        several.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list.slice(1), { minLength: list.length - 1 })),
        ),
        numbers,
        ([[found, ...others], shuffled], given) => {
          const first = found as SourceVerdict;
          expect(verdictThatCounts(first, shuffled, of(given))).toEqual(verdictThatCounts(first, others, of(given)));
        },
      ),
    );
  });

  test('is the same standing, whichever record the question led to', () => {
    fc.assert(
      fc.property(several, numbers, (list, given) => {
        const standings = list.map((found) => {
          const others = list.filter((one) => one !== found);
          return verdictThatCounts(found, others, of(given)).verdict.standing;
        });
        expect(new Set(standings).size).toBe(1);
      }),
    );
  });

  test('without a word of the operator is better than none of them', () => {
    fc.assert(
      fc.property(several, (list) => {
        const [found, ...others] = list;
        const { verdict: counts } = verdictThatCounts(found as SourceVerdict, others, none);
        expect(rank(counts)).toBe(Math.min(...list.map(rank)));
      }),
    );
  });

  test('gets no better when one verdict gets worse, whatever precedence says', () => {
    fc.assert(
      fc.property(several, numbers, fc.nat(6), fc.nat(9), (list, given, which, worse) => {
        const index = which % list.length;
        const turned = list.map((one, at) =>
          at === index ? { ...one, standing: WORST_FIRST[Math.min(rank(one), worse)] ?? one.standing } : one,
        );
        const standingOf = ([found, ...others]: readonly SourceVerdict[]): number =>
          rank(verdictThatCounts(found as SourceVerdict, others, of(given)).verdict);
        expect(standingOf(turned)).toBeLessThanOrEqual(standingOf(list));
      }),
    );
  });
});

describe('records that one identity leads to', () => {
  const record = (fields: object) => aStoredDevice({ device: aDevice(fields) });
  const intune = record({ entraDeviceId: ENTRA });

  test('are several machines where nothing but weak ids is the same', () => {
    expect(currentEnrolment([intune, record({ source: 'jamf', id: '4711' })])).toBeUndefined();
  });

  test('are one where they are joined; Intune’s stands first, in every order', () => {
    const jamf = record({ source: 'jamf', id: '4711', entraDeviceId: ENTRA, lastSyncAt: '2026-11-29T00:00:00.000Z' });
    for (const all of [
      [intune, jamf],
      [jamf, intune],
    ]) {
      expect(currentEnrolment(all)).toEqual({ record: intune, by: 'entra-device' });
    }
  });

  test('are several where one of three is not joined with each other', () => {
    const jamf = record({ source: 'jamf', id: '4711', entraDeviceId: ENTRA });
    expect(currentEnrolment([intune, jamf, record({ source: 'meraki', id: DEVICE_ID })])).toBeUndefined();
  });
});
