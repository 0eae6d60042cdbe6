// When the bench of refused requests fails.

import { expect, test } from 'vitest';
import { refusalVerdict } from '../../bench/refusal-verdict.ts';

test.each([
  ['the median is within the claim', [1.5, 2.4, 1.9], new Map(), true],
  ['the median is above the claim', [1.5, 2.4, 2.1], new Map(), false],
  ['one of a thousand requests was answered otherwise', [1.5], new Map([[503, 1]]), true],
  ['strangers got answers', [1.5], new Map([[200, 2]]), false],
  ['nothing was measured', [], new Map(), false],
])('%s', (_what, ratios, others, holds) => {
  expect(refusalVerdict('without a key', { ratios, others, asked: 1_000 }).holds).toBe(holds);
});

test('the line names what else was answered', () => {
  const others = new Map([
    [503, 3],
    [200, 1],
  ]);
  const { line } = refusalVerdict('without a key', { ratios: [1.234, 1.5, 1.1], others, asked: 1_000 });
  expect(line).toBe(
    "FAILS: without a key: 1.23 of an empty function's processor time (wanted: at most 2.00; 1.23, 1.50, 1.10); " +
      'of 1000 answered otherwise: 3 times 503, 1 times 200',
  );
});
