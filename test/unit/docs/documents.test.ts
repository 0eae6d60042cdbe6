// The documents are found, lead somewhere, and have the form that they say they have.

import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DOCUMENTS, filesNamedIn, headingsOf, linksOf, ROOT, readDocument } from '../../support/documents.ts';

test.each(DOCUMENTS)('%s links to files and headings that there are', (path) => {
  const broken = linksOf(readDocument(path)).filter(({ file, heading }) => {
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, target))) return true;
    return heading !== undefined && !headingsOf(readDocument(target)).includes(heading);
  });
  expect(broken.map((link) => link.text)).toEqual([]);
});

/** The changelog tells of what was, too. */
const OF_NOW = DOCUMENTS.filter((path) => path !== 'CHANGELOG.md');

test.each(OF_NOW)('%s names files of this repository that there are', (path) => {
  const folders = [ROOT, join(ROOT, dirname(path))];
  const missing = filesNamedIn(readDocument(path)).filter((file) =>
    folders.every((cwd) => globSync(file, { cwd }).length === 0),
  );
  expect(missing).toEqual([]);
});

describe('docs/README.md', () => {
  const linked = new Set(linksOf(readDocument('docs/README.md')).map(({ file }) => join('docs', file)));

  test('links every file in docs/', () => {
    const files = globSync('docs/**/*.*', { cwd: ROOT }).filter((file) => file !== 'docs/README.md');
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !linked.has(file))).toEqual([]);
  });

  test('links the documents beside docs/ as well', () => {
    expect(DOCUMENTS.filter((file) => !/^(?:docs\/|README\.md$)/.test(file) && !linked.has(file))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const text = readDocument('docs/architecture.md');

  test('has at most two printed pages', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(140);
  });

  test('says of each thing that may be added which files to touch', () => {
    const [, added = ''] = text.split(/^## How to add …$/m);
    const parts = added.split(/^### /m).slice(1);
    expect(parts.length).toBeGreaterThan(6);
    for (const part of parts) expect(filesNamedIn(part).length, part.split('\n')[0]).toBeGreaterThan(2);
  });
});

describe('decisions', () => {
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).toSorted();
  const status = /^Status: (?:proposed|accepted|replaced by \[?\d{4}.*) · \d{4}-\d\d-\d\d$/;

  test.each(files)('%s has its number, a title, a status and a date', (file) => {
    const [title, blank, line, after] = readDocument(file).split('\n');
    const number = /\/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1];
    expect(title).toMatch(new RegExp(`^# ${number}: \\S`));
    expect(line).toMatch(status);
    expect([blank, after]).toEqual(['', '']);
  });

  test('are numbered without a gap', () => {
    const numbers = files.map((file) => Number(file.slice('docs/decisions/'.length).slice(0, 4)));
    expect(numbers).toEqual(files.map((_, index) => index + 1));
  });

  test('have a template with a status', () => {
    expect(readDocument('docs/decisions/README.md')).toMatch(/^Status: accepted · YYYY-MM-DD$/m);
  });
});
