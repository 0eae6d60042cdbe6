// Decisions are counted once, whichever round counts them, and a count catches up where it stood still.

import { expect, test } from 'vitest';
import { TableCountStore } from '../../../shared/adapters/table-storage/table-count-store.ts';
import { countDecisions } from '../../../shared/console/count-decisions.ts';
import { type CountedDecision, DecisionTally } from '../../../shared/domain/decision-counts.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { standingAt } from '../../support/adjustable-clock.ts';

const MINUTE_MS = 60_000;
const BEGIN = '2026-11-30T08:00:00.000Z';
const log = { info: () => {}, warn: () => {}, error: () => {} };

function decisionsAt(times: readonly string[]): {
  listCounted: (shard: string, range: Range) => AsyncIterable<CountedDecision>;
} {
  return {
    async *listCounted(shard, { since, until }) {
      if (shard !== '0') return;
      for (const decidedAt of times) {
        if (decidedAt < since || decidedAt >= until) continue;
        const asOf = addMilliseconds(decidedAt, -3 * MINUTE_MS);
        yield { site: 'hq', rule: 'good', policyVersion: 'v1', verdict: 'permit', source: 'intune', decidedAt, asOf };
      }
    },
  };
}
interface Range {
  readonly since: string;
  readonly until: string;
}

function site(times: readonly string[]) {
  const clock = standingAt(BEGIN);
  const storage = new MemoryStorage(() => clock.now().getTime());
  const counts = new TableCountStore(storage.open(INSTANT).polling);
  return { clock, counts, deps: { counts, decisions: decisionsAt(times), clock, log } };
}

const DAY = { from: '2026-11-30T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };

test('each decision is counted once, in its hour and its day', async () => {
  const times = Array.from({ length: 180 }, (_, minute) => addMilliseconds(BEGIN, minute * MINUTE_MS));
  const { clock, counts, deps } = site(times);
  for (let round = 0; round < 40; round++) {
    await countDecisions(deps, 10_000);
    clock.advance(5 * MINUTE_MS);
  }
  const hours = await counts.listSpans('hour', DAY);
  expect(hours.map(({ at, counts: { hq } }) => [at, hq?.rules[0]?.permits])).toEqual([
    ['2026-11-30T10:00:00.000Z', 60],
    ['2026-11-30T09:00:00.000Z', 60],
    ['2026-11-30T08:00:00.000Z', 60],
  ]);
  const [day] = await counts.listSpans('day', DAY);
  expect(day?.counts).toEqual({
    hq: {
      rules: [{ rule: 'good', policyVersion: 'v1', permits: 180, denies: 0 }],
      ages: { intune: { '5m': 180 } },
    },
  });
});

test('of two rounds at once one counts', async () => {
  const { clock, counts, deps } = site([addMilliseconds(BEGIN, MINUTE_MS)]);
  await countDecisions(deps, 10_000);
  clock.advance(60 * MINUTE_MS);
  await Promise.all([countDecisions(deps, 10_000), countDecisions(deps, 10_000)]);
  const [hour] = await counts.listSpans('hour', DAY);
  expect(hour?.counts['hq']?.rules).toEqual([{ rule: 'good', policyVersion: 'v1', permits: 1, denies: 0 }]);
});

test('spans that are old are removed', async () => {
  const { clock, counts, deps } = site([addMilliseconds(BEGIN, MINUTE_MS)]);
  await countDecisions(deps, 10_000);
  clock.advance(60 * MINUTE_MS);
  await countDecisions(deps, 10_000);
  expect(await counts.removeSpansBefore('2026-11-30T07:00:00.000Z')).toBe(1);
  expect(await counts.removeSpansBefore('2026-12-02T00:00:00.000Z')).toBe(1);
  expect(await counts.listSpans('hour', DAY)).toEqual([]);
});

test('an age is counted in its step', () => {
  const tally = new DecisionTally();
  tally.add({ site: 'hq', rule: 'r', policyVersion: 'v', verdict: 'deny', decidedAt: BEGIN, source: 's', asOf: BEGIN });
  expect(tally.counts()['hq']?.ages).toEqual({ s: { '1m': 1 } });
});
