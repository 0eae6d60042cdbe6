// A list that the page filters itself: a budget of requests, and how far it came.

import { describe, expect, test } from 'vitest';
import { joinFound, lookThrough } from '../../../console/lists/look-through.ts';

/** Pages of ten numbers, from 0 up to `end`. */
function numbers(end: number) {
  const asked: (string | undefined)[] = [];
  const ask = async (after: string | undefined) => {
    asked.push(after);
    const from = Number(after ?? 0);
    const rows = Array.from({ length: Math.min(10, end - from) }, (_, index) => from + index);
    return { rows, ...(from + 10 < end && { next: String(from + 10) }) };
  };
  return { ask, asked };
}

describe('looking through a list', () => {
  test('stops at the budget, says how far it looked, and goes on from there', async () => {
    const { ask, asked } = numbers(100);
    const look = { ask, keep: (row: number) => row === 55, wanted: 50, requests: 3 };
    const first = await lookThrough(look, undefined);
    expect(first).toEqual({ rows: [], looked: 30, last: 29, next: '30' });
    const then = joinFound(first, await lookThrough(look, first.next));
    expect(then).toEqual({ rows: [55], looked: 60, last: 59, next: '60' });
    expect(asked).toHaveLength(6);
  });

  test('stops at the end of the list', async () => {
    const { ask } = numbers(25);
    const found = await lookThrough({ ask, keep: () => true, wanted: 50, requests: 10 }, undefined);
    expect(found).toMatchObject({ looked: 25, last: 24, next: undefined });
  });

  test('asks no further once enough is found, and keeps the page that has begun', async () => {
    const { ask, asked } = numbers(100);
    const found = await lookThrough({ ask, keep: () => true, wanted: 15, requests: 10 }, undefined);
    expect(found.rows).toHaveLength(20);
    expect(asked).toHaveLength(2);
  });

  test('a page without rows is no end', async () => {
    const pages = [{ rows: [], next: '1' }, { rows: [7] }];
    const found = await lookThrough(
      { ask: async (after) => pages[Number(after ?? 0)] ?? { rows: [] }, keep: () => true, wanted: 5, requests: 5 },
      undefined,
    );
    expect(found).toEqual({ rows: [7], looked: 1, last: 7, next: undefined });
  });
});
