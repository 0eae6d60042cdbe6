// CSV of the console: quoting, byte order mark, and no cell that a spreadsheet takes for a formula.

import { describe, expect, test } from 'vitest';
import { csvCell, csvText } from '../../../console/lists/csv.ts';

describe('a CSV', () => {
  test('begins with a byte order mark and ends each line with CR LF', () => {
    expect(csvText(['a', 'b'], [['1', 'x']])).toBe('\uFEFF"a","b"\r\n"1","x"\r\n');
  });

  test('doubles quotation marks, and keeps commas and line ends inside a cell', () => {
    expect(csvCell('say "hi", all\r\nof you')).toBe('"say ""hi"", all\r\nof you"');
  });

  test.each([
    '=HYPERLINK("https://evil.example")',
    '+49 30 1234',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\tx',
    ' =1',
    '\u200B=1',
    '＝1',
    '＋1',
    '－1',
    '＠SUM(A1)',
    '﹦1',
    '﹢1',
    '﹣1',
    '﹫SUM(A1)',
    '−1',
    '\u3164=1',
    '\u2800=1',
  ])('puts an apostrophe before what a spreadsheet takes for a formula: %j', (text) => {
    expect(csvCell(text).startsWith(`"'`)).toBe(true);
  });

  test('guards a formula behind the separator of other languages', () => {
    expect(csvCell('lab";=cmd|calc')).toBe(`"lab"";'=cmd|calc"`);
  });

  test.each(['a0b1c2d3e4f5', 'AA-BB-CC-DD-EE-FF', 'anna@example.com', '2026-11-30T22:00:00.000Z', ''])(
    'leaves an ordinary text as it is: %j',
    (text) => {
      expect(csvCell(text)).toBe(`"${text}"`);
    },
  );

  test('writes half of a surrogate pair as a replacement, so that UTF-8 can hold it', () => {
    expect(csvCell('\uD83D')).toBe('"\uFFFD"');
  });
});
