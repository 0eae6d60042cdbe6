// The share of the simulation that runs with every change: 300 worlds, none of which may fail.

import { expect, test } from 'vitest';
import { firstFailure, report, shortestHistory } from './find-failure.ts';
import { historyOfSeed, runWorld } from './run-world.ts';

const SEEDS = 300;

test('in 300 worlds no station keeps an answer that policy no longer gives', { timeout: 600_000 }, async () => {
  const outcome = await firstFailure(1, SEEDS);
  expect(outcome && report(await shortestHistory(outcome))).toBeUndefined();
});

test('a seed is one world: run again, it does the very same', async () => {
  const lines = [[], []] as string[][];
  for (const trace of lines) await runWorld(7, historyOfSeed(7).slice(0, 40), (line) => trace.push(line));
  expect(lines[0]?.length).toBeGreaterThan(100);
  expect(lines[1]).toEqual(lines[0]);
});
