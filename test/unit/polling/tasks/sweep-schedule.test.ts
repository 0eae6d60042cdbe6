// When the next sweep begins, and how long a failure delays it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { millisecondsBetween } from '../../../../shared/domain/instant.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import { asksToSlowDown, retryAfterFailure, sweepDue } from '../../../../shared/polling/tasks/sweep-schedule.ts';
import type { SweepRun, SweepState } from '../../../../shared/ports/sweep-store.ts';

const NOW = '2026-11-20T10:00:00.000Z';
const TWO_HOURS = 7_200_000;

const RUN: SweepRun = {
  id: 'run-1',
  startedAt: '2026-11-20T09:59:00.000Z',
  slices: 1,
  pages: 3,
  devices: 3000,
  saved: 10,
  rejected: 0,
  countsAbsences: true,
  failures: 0,
};

describe('what is to be done now', () => {
  test.each<[string, string, SweepState]>([
    ['start', 'nothing has ever run', { runNumber: 0 }],
    ['start', 'the interval is just over', { runNumber: 1, lastStartedAt: '2026-11-20T08:00:00.000Z' }],
    ['idle', 'the interval is not quite over', { runNumber: 1, lastStartedAt: '2026-11-20T08:00:00.001Z' }],
    ['resume', 'a run was interrupted', { runNumber: 1, run: RUN, lastStartedAt: RUN.startedAt }],
    ['resume', 'a run was interrupted long ago', { runNumber: 1, run: RUN, lastStartedAt: '2026-11-01T00:00:00.000Z' }],
    [
      'leased',
      'another instance works on it',
      { runNumber: 1, run: RUN, owner: 'a', leaseUntil: '2026-11-20T10:00:00.001Z' },
    ],
    ['resume', 'the other instance’s lease is over', { runNumber: 1, run: RUN, owner: 'a', leaseUntil: NOW }],
    ['waiting', 'the source asked us to wait', { runNumber: 1, run: { ...RUN, retryAt: '2026-11-20T10:00:00.001Z' } }],
    ['resume', 'the wait is over', { runNumber: 1, run: { ...RUN, retryAt: NOW } }],
    [
      'leased',
      'another instance works on a run that had failed before',
      {
        runNumber: 1,
        run: { ...RUN, retryAt: '2026-11-20T11:00:00.000Z' },
        owner: 'a',
        leaseUntil: '2026-11-20T10:01:00.000Z',
      },
    ],
  ])('%s, when %s', (due, _when, state) => {
    expect(sweepDue(state, NOW, TWO_HOURS)).toBe(due);
  });
});

describe('the wait after a failure', () => {
  const wait = (failures: number, asked: number | undefined, fraction: number): number =>
    millisecondsBetween(NOW, retryAfterFailure(NOW, failures, asked, fraction));
  const anyFraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is from 5 seconds to 6 minutes, however often it failed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), anyFraction, (failures, fraction) => {
        expect(wait(failures, undefined, fraction)).toBeGreaterThanOrEqual(5_000);
        expect(wait(failures, undefined, fraction)).toBeLessThanOrEqual(360_000);
      }),
    );
  });

  test('doubles with every failure until it is at its longest', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => wait(failures, undefined, 0));
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  test('is for a source that throttles, or refuses and says for how long, a reason to ask less often', () => {
    const slow = (code: ErrorCode, retryAfterMs?: number) => asksToSlowDown({ code, retryAfterMs });
    expect(slow('NAC_SOURCE_THROTTLED')).toBe(true);
    expect(slow('NAC_SOURCE_UNAVAILABLE', 10_000)).toBe(true);
    expect(slow('NAC_SOURCE_UNAVAILABLE')).toBe(false);
    expect(slow('NAC_SOURCE_UNREACHABLE')).toBe(false);
  });

  test('differs between apps that failed together', () => {
    expect(wait(3, undefined, 0.9)).toBeGreaterThan(wait(3, undefined, 0.1));
  });

  test('is never shorter than what Retry-After asks for, and little longer', () => {
    const asked = fc.integer({ min: 0, max: 3_600_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), asked, anyFraction, (failures, askedToWait, fraction) => {
        expect(wait(failures, askedToWait, fraction)).toBeGreaterThanOrEqual(askedToWait);
        expect(wait(1, askedToWait, fraction)).toBeLessThanOrEqual(Math.max(askedToWait, 5_000) * 1.2 + 1);
      }),
    );
  });
});
