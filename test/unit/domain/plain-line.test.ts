// Text that a person writes: what shows is taken as it is, what does not show is refused and named.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainLine, showable } from '../../../shared/domain/plain-line.ts';
import { RequestError } from '../../../shared/errors.ts';
import { readOverrideRequest } from '../../../shared/http/read-override.ts';
import { checkedReason, readReason, readReasonHeader } from '../../../shared/http/read-reason.ts';
import { readReleaseRequest } from '../../../shared/polling/read-release-request.ts';

const HIDDEN: readonly (readonly [string, string])[] = [
  ['a line feed', '\n'],
  ['a NUL', '\u0000'],
  ['an escape', '\u001b'],
  ['a C1 control', '\u0085'],
  ['the end of a line', '\u2028'],
  ['the end of a paragraph', '\u2029'],
  ['a mark from right to left', '\u200f'],
  ['an override from right to left', '\u202e'],
  ['an isolate', '\u2066'],
  ['an Arabic letter mark', '\u061c'],
  ['a blank without width', '\u200b'],
  ['a joiner', '\u200d'],
  ['a soft hyphen', '\u00ad'],
  ['a byte order mark', '\ufeff'],
  ['a filler', '\u3164'],
  ['an empty Braille cell', '\u2800'],
  ['a tag', '\u{e0041}'],
  ['half a character', '\ud800'],
];

const READERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['reason of an override', (reason) => override({ reason, user: 'jane' })],
  ['user of an override', (user) => override({ reason: 'stolen', user })],
  ['reason in a body', (reason) => readReason(JSON.stringify({ reason }))],
  ['reason of a release', (reason) => readReleaseRequest(JSON.stringify({ runId: 'r1', reason }))],
  ['reason at the command line', (reason) => checkedReason(reason, '--reason')],
];

function override(fields: Record<string, unknown>): unknown {
  return readOverrideRequest(JSON.stringify({ block: true, until: '4h', ...fields }), '2026-11-30T08:00:00.000Z');
}

describe.each(READERS)('%s', (_, read) => {
  test.each(HIDDEN)('that holds %s is refused, and the character named', (__, hidden) => {
    const code = `U+${(hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    for (const text of [`jane${hidden}doe`, `${hidden.trim() === '' ? 'x' : ''}${hidden}doe`]) {
      expect(() => read(text)).toThrow(
        expect.objectContaining({ status: 400, code: 'NAC_REQUEST_FIELD', message: expect.stringContaining(code) }),
      );
    }
  });

  test.each(['josé müller', '田中', 'שלום עולם', 'محمد', '⚠️ lost', "o'neil", 'a\u00a0b'])('%s is taken', (text) => {
    expect(JSON.stringify(read(text))).toContain(text);
  });
});

test('a header is read by the same rule', () => {
  expect(() => readReasonHeader(encodeURIComponent('a\u202eb'))).toThrow(
    expect.objectContaining({
      code: 'NAC_REQUEST_FIELD',
      field: 'X-Reason',
      message: expect.stringContaining('U+202E'),
    }),
  );
});

test('any text is taken as it shows, or refused with a code', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(text, (given) => {
      const line = readPlainLine(given, 30);
      if ('text' in line) {
        expect(line.text).toBe(given.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
        expect(showable(line.text)).toBe(line.text);
        expect(line.text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
      try {
        readReason(JSON.stringify({ reason: given }));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RequestError);
      }
      expect(readPlainLine(showable(given), 100)).not.toHaveProperty('problem', expect.stringContaining('U+'));
    }),
    { numRuns: 10_000 },
  );
});

test('blanks at the ends do not count, and a text of nothing else is none', () => {
  expect(readPlainLine(' lost \n', 10)).toEqual({ text: 'lost' });
  for (const nothing of ['', ' ', '\u00a0', '\u3000 ', 7, null, undefined, ['x'], 'x'.repeat(11)]) {
    expect(readPlainLine(nothing, 10)).toHaveProperty('problem');
  }
});
