// Instants are UTC text with milliseconds that sorts by time.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addMilliseconds, millisecondsBetween, toInstant } from '../../../shared/domain/instant.ts';

const anyDate = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

test('a moment is UTC with milliseconds', () => {
  expect(toInstant(new Date('2026-11-20T22:40:00+01:00'))).toBe('2026-11-20T21:40:00.000Z');
});

test('moments compare as text the way they follow each other in time', () => {
  fc.assert(
    fc.property(anyDate, anyDate, (a, b) => {
      expect(toInstant(a) < toInstant(b)).toBe(a < b);
    }),
  );
});

test('a wait added to a moment is the distance to the new one', () => {
  fc.assert(
    fc.property(anyDate, fc.integer({ min: -86_400_000, max: 86_400_000 }), (date, wait) => {
      const start = toInstant(date);
      expect(millisecondsBetween(start, addMilliseconds(start, wait))).toBe(wait);
    }),
  );
});
