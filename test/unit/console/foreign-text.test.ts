// Names that devices, users and switches gave themselves, made safe to read; moments and addresses as people write.

import { describe, expect, test } from 'vitest';
import { foreignParts, plainForeign } from '../../../console/components/foreign-text.ts';
import { isRandomMac, writeMac } from '../../../console/components/mac-forms.ts';
import { sorted } from '../../../console/components/sorted.ts';
import { writeDistance, writeMoment, writeSpan } from '../../../console/components/times.ts';

describe('foreign text', () => {
  test.each([
    ['NAC-00001', 'NAC-00001'],
    ['a\u202Eb', 'a[U+202E]b'],
    ['a\nb\0', 'a[U+000A]b[U+0000]'],
    ['a\u200Bb\u2066c', 'a[U+200B]b[U+2066]c'],
    ['Zoë 💻 Ωμέγα', 'Zoë 💻 Ωμέγα'],
    ['"><img src=x>', '"><img src=x>'],
    ['a\u3164b\u115Fc\u2800d', 'a[U+3164]b[U+115F]c[U+2800]d'],
    ['a\u00A0b\u2003c\u3000d e', 'a[U+00A0]b[U+2003]c[U+3000]d e'],
    ['a\uFE0Fb\u{E0100}c\u034Fd', 'a[U+FE0F]b[U+E0100]c[U+034F]d'],
    ['❤️ lab', '❤️ lab'],
    ['Nguyễn ngày שָׁלוֹם', 'Nguyễn ngày שָׁלוֹם'],
    [`a${'\u0301'.repeat(6)}b`, `a${'\u0301'.repeat(4)}[U+0301][U+0301]b`],
  ])('%j reads %j', (given, read) => {
    expect(plainForeign(given)).toBe(read);
  });

  test('is cut at 253 characters, and says so', () => {
    expect(plainForeign('💻'.repeat(253))).toBe('💻'.repeat(253));
    expect(foreignParts('x'.repeat(300)).at(-1)).toEqual({ text: '…' });
    expect(plainForeign('x'.repeat(300))).toHaveLength(254);
  });
});

test.each([
  ['colons', 'a0:b1:c2:d3:e4:f5'],
  ['hyphens', 'A0-B1-C2-D3-E4-F5'],
  ['dots', 'a0b1.c2d3.e4f5'],
  ['bare', 'a0b1c2d3e4f5'],
] as const)('a MAC address with %s is %s', (form, text) => {
  expect(writeMac('a0b1c2d3e4f5', form)).toBe(text);
});

test('an address that a device made up is marked', () => {
  expect(['a0b1c2d3e4f5', 'a2b1c2d3e4f5', '02005e000001'].map(isRandomMac)).toEqual([false, true, true]);
});

test.each([
  [400, '0 s'],
  [12_400, '12 s'],
  [3 * 60_000, '3 min'],
  [125 * 60_000, '2 h 5 min'],
  [24 * 3_600_000, '1 d'],
  [99 * 3_600_000, '4 d 3 h'],
])('%i ms are %s', (ms, text) => {
  expect(writeSpan(ms)).toBe(text);
});

test('a moment says its zone, and how far it is', () => {
  const at = new Date('2026-11-20T21:40:05.123Z');
  expect(writeMoment(at, 'utc')).toBe('2026-11-20 21:40:05 UTC');
  expect(writeDistance(at, new Date('2026-11-20T21:43:06Z'))).toBe('3 min ago');
  expect(writeDistance(at, new Date('2026-11-20T20:40:05.123Z'))).toBe('in 1 h');
});

test('rows are sorted by size, by the numbers in their text, and absent ones last both ways', () => {
  const rows = ['host-10', undefined, 'host-9', 'Host-1'];
  const by = (row: string | undefined) => row;
  expect(sorted(rows, by, 'ascending')).toEqual(['Host-1', 'host-9', 'host-10', undefined]);
  expect(sorted(rows, by, 'descending')).toEqual(['host-10', 'host-9', 'Host-1', undefined]);
  expect(sorted([10, 9, 100], (row) => row, 'ascending')).toEqual([9, 10, 100]);
});
