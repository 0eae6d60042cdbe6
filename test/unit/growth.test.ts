// The measure of growth itself tells linear work from quadratic work.

import { expect, test } from 'vitest';
import { growth, MOST_LINEAR } from '../support/growth.ts';

test('linear work is linear, also where it sorts or makes much garbage', () => {
  expect(growth((size) => 'x,'.repeat(size).split(',').sort().join(), 20_000)).toBeLessThan(MOST_LINEAR);
  expect(growth((size) => JSON.parse(JSON.stringify(Array.from({ length: size }, String))), 5_000)).toBeLessThan(
    MOST_LINEAR,
  );
});

test('quadratic work is found: an expression that tries each end of a repetition, and a list that is looked through', () => {
  const expression = /\$(?:@.*)?$/;
  expect(growth((size) => expression.test(`${'$@'.repeat(size)}\n`), 250)).toBeGreaterThan(MOST_LINEAR);
  const looked = (size: number) =>
    Array.from({ length: size }, (_, n) => n).filter((n, i, all) => all.indexOf(n) === i);
  expect(growth(looked, 800)).toBeGreaterThan(MOST_LINEAR);
});
