// Data is compared by what its JSON says.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameData } from '../../../shared/domain/same-data.ts';

test('data is the same when its JSON says the same, in whatever order the fields are written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(sameData(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      if (JSON.stringify(a) === JSON.stringify(b)) expect(sameData(a, b)).toBe(true);
      if (sameData(a, b)) expect(sorted(a)).toBe(sorted(b));
    }),
  );
  expect(sameData({ one: 1, two: [2] }, { two: [2], one: 1 })).toBe(true);
});

test.each([
  [{ one: 1 }, { one: 2 }],
  [{ one: 1 }, { one: 1, two: 2 }],
  [{ one: undefined }, { two: undefined }],
  [
    [1, 2],
    [2, 1],
  ],
  [[], {}],
  [null, {}],
  [{ toString: 1 }, { one: 1 }],
])('%j and %j say different things', (a, b) => {
  expect([sameData(a, b), sameData(b, a)]).toEqual([false, false]);
});

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
