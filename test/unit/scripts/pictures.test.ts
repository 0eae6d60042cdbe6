// The pictures of the documents are what their texts say, and the texts what the code says.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sax from 'sax';
import { expect, test } from 'vitest';
import { drawnPictures, PICTURE_FOLDER } from '../../../scripts/pictures/pictures.ts';
import { readDiagram } from '../../../scripts/pictures/read-diagram.ts';
import { terminalSvg } from '../../../scripts/pictures/terminal-svg.ts';
import { namedRoutes } from '../../../shared/http/routes.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test.each(drawnPictures())('%s is drawn from its text (npm run pictures), and shown by README.md', (name, content) => {
  expect(readFileSync(join(PICTURE_FOLDER, name), 'utf8')).toBe(content);
  expect(read('README.md')).toContain(`](docs/pictures/${name})`);
});

test('there is no picture without a text', () => {
  const drawn = drawnPictures().map(([name]) => name);
  expect(globSync('*.svg', { cwd: PICTURE_FOLDER }).toSorted()).toEqual(drawn.toSorted());
  expect(globSync('*.txt', { cwd: PICTURE_FOLDER })).toHaveLength(drawn.length);
});

test('the architecture has every box of its text, and every arrow leads between two of them', () => {
  const { boxes, arrows } = readDiagram(read('docs/pictures/architecture.txt'));
  const texts = textsOf(drawnPictures()[0]?.[1] ?? '');
  for (const { name, lines } of boxes) {
    expect(texts.join(' ')).toContain(name);
    for (const line of lines) expect(texts).toContain(line);
  }
  const joined = new Set(arrows.flatMap(({ from, to }) => [from.id, to.id]));
  expect([...joined].toSorted()).toEqual(boxes.map(({ id }) => id).toSorted());
});

test.each([
  ['circle a | 0,0', 'No zone, box or arrow: circle a | 0,0'],
  ['box a | left | A', 'No column and row: box a | left | A'],
  ['box a | 0,0 | A\narrow a -> b | x', 'between boxes that are not there: arrow a -> b | x'],
  ['box a | 0,0 | A\nbox b | 1,1 | B\narrow a -> b', 'not side by side: arrow a -> b'],
])('a line that cannot be drawn is named: %s', (text, message) => {
  expect(() => readDiagram(text)).toThrow(message);
});

test('what npm start shows has the words that the code prints', () => {
  const shown = [...read('docs/pictures/npm-start.txt').matchAll(/^ {2}(\S.*?) {2,}/gm)].map(([, label = '']) => label);
  const code = globSync('local/*.ts', { cwd: ROOT }).map(read).join('\n');
  expect(shown).toContain('First sweep');
  for (const label of new Set(shown)) expect.soft(code).toContain(`'${label}'`);
  const headings = [...read('docs/pictures/npm-start.txt').matchAll(/^(\S.*:)$/gm)].map(([, heading = '']) => heading);
  expect(headings.length).toBeGreaterThan(4);
  for (const heading of headings) expect.soft(code).toContain(heading);
});

test('what npm start shows has as many HTTP functions as the app', () => {
  const [, shown] = /Functions, HTTP .*\((\d+) functions\)/.exec(read('docs/pictures/npm-start.txt')) ?? [];
  expect(Number(shown)).toBe(namedRoutes().length);
});

test('a terminal keeps blanks, breaks long lines and escapes what XML would read', () => {
  const drawn = terminalSvg('x', `  a <b> & "c"\n\n${'0123456789'.repeat(20)}\n`);
  const texts = textsOf(drawn);
  expect(texts).toContain('  a <b> & "c"');
  expect(texts.filter((text) => /^\d+$/.test(text)).join('')).toBe('0123456789'.repeat(20));
});

/** @throws Error where it is not well-formed */
function textsOf(svg: string): string[] {
  const texts: string[] = [];
  let open = false;
  const parser = sax.parser(true);
  parser.onopentag = ({ name }) => {
    open = name === 'text';
    if (open) texts.push('');
  };
  parser.ontext = (text) => {
    if (open) texts.push(`${texts.pop() ?? ''}${text}`);
  };
  parser.onclosetag = () => {
    open = false;
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.write(svg).close();
  return texts;
}
