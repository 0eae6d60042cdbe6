// What the breaker keeps of held runs: bounded whatever happens, and one release for a whole tripped period.

import { describe, expect, test } from 'vitest';
import type { HeldCounts } from '../../../../shared/polling/breaker/held-counts.ts';
import {
  combined,
  EARLIER_RUNS,
  entryOf,
  type MassChangeState,
  MOST_HELD_RUNS,
  withHeldCounts,
  withRefusal,
  withRelease,
} from '../../../../shared/polling/breaker/mass-change.ts';

const AT = '2026-11-30T08:00:00.000Z';
const VERDICT = { by: 'operator-1', at: AT, reason: 'seen' };

function counts(runs: number, of: (run: number) => Partial<HeldCounts> = () => ({})): Map<string, HeldCounts> {
  return new Map(
    Array.from({ length: runs }, (_, run) => [
      `run-${run}`,
      { flips: 1, absences: 0, digest: String(run).padStart(16, '0'), ...of(run) },
    ]),
  );
}

/** As many runs as this have held something, one after the other. */
function afterRuns(runs: number): MassChangeState {
  let state: MassChangeState = { held: [] };
  for (let run = 0; run < runs; run++) {
    const now = { runId: `run-${run}`, heldAt: AT, changing: run + 1, known: 10_000 };
    state = withHeldCounts(state, counts(run + 1), now);
  }
  return state;
}

describe('the runs that are listed', () => {
  test('are at most twenty, the newest by name, and count every device', () => {
    const { held } = afterRuns(300);
    expect(held).toHaveLength(MOST_HELD_RUNS);
    expect(held[0]).toMatchObject({ runId: EARLIER_RUNS, flips: 300 - MOST_HELD_RUNS + 1 });
    expect(held.at(-1)?.runId).toBe('run-299');
    expect(JSON.stringify(held).length).toBeLessThan(30_000);
  });

  test('of a state that grew without a bound before are folded, too', () => {
    const entries = [...counts(3_838)].map(([runId, held]) => ({ runId, ...held, heldAt: AT, changing: 1, known: 9 }));
    const { held } = withHeldCounts({ held: entries }, counts(3_838));
    expect(held).toHaveLength(MOST_HELD_RUNS);
    expect(held.reduce((sum, { flips }) => sum + flips, 0)).toBe(3_838);
  });

  test('are let through by one release that names the newest', () => {
    const state = withRelease(afterRuns(100), 'run-99', VERDICT);
    expect(state?.held.every(({ released }) => released?.by === 'operator-1')).toBe(true);
    expect(entryOf(state?.held ?? [], 'run-3')?.released, 'of a run that is folded').toBeDefined();
  });
});

describe('a refusal', () => {
  test('stands while the run holds the same devices, and ends with the first other one', () => {
    const refused = withRefusal(afterRuns(1), 'run-0', VERDICT) as MassChangeState;
    expect(withHeldCounts(refused, counts(1)).held[0]?.refused).toEqual(VERDICT);
    expect(
      withHeldCounts(
        refused,
        counts(1, () => ({ digest: 'f'.repeat(16) })),
      ).held[0],
    ).not.toHaveProperty('refused');
  });

  test('is passed over by a release of a later run', () => {
    const refused = withRefusal(afterRuns(3), 'run-0', VERDICT) as MassChangeState;
    const held = withRelease(refused, 'run-2', VERDICT)?.held ?? [];
    expect(held.map(({ released }) => released !== undefined)).toEqual([false, true, true]);
  });
});

test('a digest says nothing of the order', () => {
  const [a, b, c] = ['a1'.repeat(8), 'b2'.repeat(8), 'c3'.repeat(8)] as const;
  expect(combined(combined(a, b), c)).toBe(combined(c, combined(b, a)));
  expect(combined(combined(a, b), b)).toBe(a);
});
