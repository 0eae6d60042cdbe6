// The wait after wrong credentials: its growth, its limit, and that clients do not share it.

import { describe, expect, test } from 'vitest';
import { createRefusalDelay } from '../../../../shared/adapters/memory/refusal-delay.ts';
import type { Clock } from '../../../../shared/ports/clock.ts';

/** A clock whose deadlines end when the test says so. */
function manualClock() {
  let now = Date.parse('2026-11-21T10:00:00Z');
  const deadlines: { readonly milliseconds: number; readonly end: () => void }[] = [];
  const clock: Clock = {
    now: () => new Date(now),
    deadline(milliseconds) {
      const controller = new AbortController();
      deadlines.push({ milliseconds, end: () => controller.abort() });
      return controller.signal;
    },
    within(milliseconds, work) {
      return work(this.deadline(milliseconds));
    },
  };
  const advance = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { clock, deadlines, advance };
}

describe('wrong credentials', () => {
  test('cost nothing at first, then twice as long each time, up to two seconds', async () => {
    const { clock, deadlines } = manualClock();
    const refusals = createRefusalDelay(clock);
    for (let count = 1; count <= 3; count++) expect(await refusals.after('radius-1')).toBe(count);
    expect(deadlines).toEqual([]);
    for (let count = 4; count <= 12; count++) {
      const answered = refusals.after('radius-1');
      deadlines.at(-1)?.end();
      expect(await answered).toBe(count);
    }
    const waits = deadlines.map(({ milliseconds }) => milliseconds);
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
  });

  test('of one client make no other wait', async () => {
    const { clock, deadlines } = manualClock();
    const refusals = createRefusalDelay(clock);
    for (let count = 1; count <= 3; count++) await refusals.after('radius-1');
    expect(await refusals.after('radius-2')).toBe(1);
    expect(deadlines).toEqual([]);
  });

  test('are forgotten after ten minutes of peace', async () => {
    const { clock, deadlines, advance } = manualClock();
    const refusals = createRefusalDelay(clock);
    for (let count = 1; count <= 3; count++) await refusals.after('radius-1');
    advance(10 * 60_000);
    expect(await refusals.after('radius-1')).toBe(1);
    expect(deadlines).toEqual([]);
  });

  test('wait fifty at a time; more are answered at once, since waiting costs the instance', async () => {
    const { clock, deadlines } = manualClock();
    const refusals = createRefusalDelay(clock);
    for (let count = 1; count <= 3; count++) await refusals.after('radius-1');
    const waiting = Array.from({ length: 50 }, () => refusals.after('radius-1'));
    expect(deadlines).toHaveLength(50);
    expect(await refusals.after('radius-1')).toBe(54);
    for (const { end } of deadlines) end();
    await Promise.all(waiting);
    const next = refusals.after('radius-1');
    expect(deadlines).toHaveLength(51);
    deadlines.at(-1)?.end();
    expect(await next).toBe(55);
  });
});
