// Versions of operating systems are compared number by number.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, parseDottedVersion } from '../../../shared/domain/dotted-version.ts';

function compare(a: string, b: string): number {
  return Math.sign(compareVersions(parseDottedVersion(a) ?? [], parseDottedVersion(b) ?? []));
}

test.each([
  ['10.0.19045.3803', '10.0.19045', 1],
  ['10.0.9', '10.0.10', -1],
  ['17', '17.0.0', 0],
  ['14.1 (23B74)', '14.1', 0],
  ['9', '10', -1],
])('%s compared with %s: %i', (a, b, order) => {
  expect([compare(a, b), compare(b, a)]).toEqual([order, order === 0 ? 0 : -order]);
});

test.each(['', 'Windows', 'v10', '.1', '-1'])('"%s" is no version', (text) => {
  expect(parseDottedVersion(text)).toBeUndefined();
});

test('any text gives a version or none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => void parseDottedVersion(text)),
    { numRuns: 10_000 },
  );
});
