// Documents are plain sentences: subject, verb, object, and the terms of docs/glossary.md.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

/** Words that stand in for a subject that the sentence should name. */
const VAGUE = /\b(?:nobody|somebody|whoever|told|anew|besides|he|him|himself|his)\b/gi;

/** Prose alone: no blocks or spans of code, no targets of links. */
function proseOf(document: string): string {
  return document.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`|\]\([^)]*\)/g, '');
}

test('a vague word is found in prose, and not in code or the target of a link', () => {
  const document = ['Whoever asks `his`.', '```sh', 'echo anew', '```', '[The list](anew.md) is *told*.'].join('\n');
  expect(proseOf(document).match(VAGUE)).toEqual(['Whoever', 'told']);
});

test.each(globSync(['README.md', 'CHANGELOG.md', 'docs/**/*.md', '{infra,local}/**/*.md'], { cwd: ROOT }))(
  '%s names its subjects',
  (path) => {
    expect(proseOf(readFileSync(join(ROOT, path), 'utf8')).match(VAGUE) ?? []).toEqual([]);
  },
);
