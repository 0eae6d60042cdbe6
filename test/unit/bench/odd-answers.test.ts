// A bench names an odd answer and goes on; many of them end it.

import { expect, test } from 'vitest';
import { OddAnswers } from '../../bench/odd-answers.ts';

const slow = async (): Promise<never> => {
  throw new Error('/api/lookup answered 503: the store is slow\nmore');
};

test('a single odd answer is named with its number, and the next one counts', async () => {
  const printed: string[] = [];
  const odd = new OddAnswers((line) => printed.push(line));
  expect(await odd.ask('lookup', 1_000, async () => undefined)).toBeGreaterThanOrEqual(0);
  expect(await odd.ask('lookup', 1_000, slow)).toBeUndefined();
  expect(await odd.ask('lookup', 1_000, async () => undefined)).toBeGreaterThanOrEqual(0);
  expect(printed).toEqual([expect.stringMatching(/^odd: lookup, number 2, after \d+ ms: .*503: the store is slow$/)]);
});

test.each([
  [100, 4],
  [1_000, 11],
])('of %i asked, the %ith odd answer ends it', async (expected, last) => {
  const odd = new OddAnswers(() => undefined);
  for (let index = 1; index < last; index++) expect(await odd.ask('lookup', expected, slow)).toBeUndefined();
  await expect(odd.ask('lookup', expected, slow)).rejects.toThrow('503');
});
