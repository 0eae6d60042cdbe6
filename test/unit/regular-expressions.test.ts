// Every regular expression of the product, against texts made to be slow for it: it takes a time that grows with the
// text, or what it is given is short, for a reason that is written here.

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { growth, MOST_LINEAR } from '../support/growth.ts';

/** What bounds the text of an expression that is not linear; by its source. */
const BOUNDED: Readonly<Record<string, string>> = {};

const SIZE = 1_000;
/** What repetitions of several expressions are about. */
const PUMPS = [
  ...[
    'a',
    'A',
    '0',
    ' ',
    '\t',
    '\n',
    '.',
    ':',
    '-',
    '_',
    ',',
    ';',
    '=',
    '/',
    '\\',
    '@',
    '$',
    '%',
    '#',
    '"',
    "'",
    '{',
    '[',
  ],
  ...[
    '<',
    '(',
    '*',
    '?',
    'x',
    '\0',
    'é',
    '0:',
    '0-',
    'a.',
    '$@',
    '"a',
    ', ',
    'a=',
    '%2',
    '\\\\',
    '/a',
    '\r\n',
    '---',
    '00',
  ],
];
const ENDS = ['', '\n', '!', '\0x'];

const expressions = new Map(
  globSync('{cli,functions,relay,shared,local}/**/*.ts', {
    exclude: (path) => path.startsWith('local/intune-tenant'),
  }).flatMap((path) =>
    literalsIn(readFileSync(path, 'utf8')).map((literal): [string, RegExp] => [String(literal), literal]),
  ),
);

describe('regular expressions', () => {
  test('are found in the sources', () => {
    expect(expressions.size).toBeGreaterThan(100);
  });

  test.each([...expressions])('%s is linear, or its text is short', (written, expression) => {
    const pumps = new Set([...PUMPS, ...piecesOf(expression.source)]);
    const slow = [...pumps].flatMap((pump) => {
      const starts = new Set(['', pump, ...startsOf(expression.source)]);
      return [...starts].flatMap((start) =>
        ENDS.filter((end) => {
          const text = (size: number) => `${start}${pump.repeat(Math.ceil(size / pump.length))}${end}`;
          return growth((size) => run(expression, text(size)), SIZE) > MOST_LINEAR;
        }).map((end) => JSON.stringify([start, pump, end])),
      );
    });
    if (written in BOUNDED) expect(slow, 'it is linear: take it off the list').not.toEqual([]);
    else expect(slow).toEqual([]);
  });

  test('whose text is short are still there', () => {
    expect(Object.keys(BOUNDED).filter((written) => !expressions.has(written))).toEqual([]);
  });
});

function run(expression: RegExp, text: string): unknown {
  expression.lastIndex = 0;
  return expression.global ? text.replace(expression, '') : expression.exec(text);
}

/** Letters, and runs of them, that the expression itself looks for. */
function piecesOf(source: string): string[] {
  return [...new Set(source.match(/[A-Za-z]{2,}:?|[A-Za-z0-9]/g) ?? [])]
    .filter((piece) => piece.length < 20)
    .slice(0, 12);
}

/** What must stand first before the repetition begins. */
function startsOf(source: string): string[] {
  const literal = /^\^?((?:[A-Za-z0-9:/=, "<-]|\\[./$])+)/.exec(source)?.[1]?.replace(/\\(.)/g, '$1');
  return literal === undefined ? [] : [literal];
}

/** A slash that follows a value divides; one that follows an operator, a bracket or a comma begins an expression. */
function literalsIn(source: string): RegExp[] {
  const code = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const literal =
    /(?<=(?:^|[=(,:[!&|?{};]|=>|return|\?\?)\s*)\/(?![*/])((?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)(?=\s*[.,;)\]}:]|\s*$)/gm;
  return [...code.matchAll(literal)].map(([, body = '', flags = '']) => new RegExp(body, flags));
}
