// Durations of settings, with and without a unit.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../../shared/duration.ts';

test.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1.5h', 5_400_000],
  ['2 H', 7_200_000],
  [' 30m ', 1_800_000],
  ['0s', 0],
])('"%s" is %i ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test('a plain number counts in the unit of the setting, in seconds if it has none', () => {
  expect(parseDuration('15', 'm')).toBe(900_000);
  expect(parseDuration('15', 'ms')).toBe(15);
  expect(parseDuration('15')).toBe(15_000);
  expect(parseDuration('15s', 'm')).toBe(15_000);
});

test.each(['', ' ', 'soon', '-5m', '+5m', '1e3', '5 min', '2h30m', '1:30', '1,5h', 'PT2H', '00:30:00', '٥m', '5m\n5m'])(
  '"%s" is no length of time',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('any text is a time from zero on or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(parseDuration(text) ?? 0).toBeGreaterThanOrEqual(0);
    }),
  );
});
