// Comments are plain sentences: subject, verb, object, and the terms of docs/glossary.md. The words listed here stand
// in for a subject that the sentence should name.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['cli', 'functions', 'relay', 'shared'];

/** Each with what to write instead. */
const WORDS: Readonly<Record<string, string>> = {
  nobody: 'name the subject, with "no": no device, no client',
  somebody: 'name the subject: another writer, an operator',
  whoever: 'name the subject: the owner of the lease, the caller',
  told: 'say what happens: gets, answers, reports, by default',
  anew: 'again',
  besides: 'beside, outside, in addition to',
  he: 'it, for a process; the user, for a person',
  him: 'it, for a process; the user, for a person',
  himself: 'itself, for a process; the user, for a person',
  his: 'its, for a process; the user’s, for a person',
  bothered: 'say what is not asked or sent',
  bearable: 'give the limit',
  dearest: 'costs the most',
};
const PATTERN = new RegExp(`\\b(?:${Object.keys(WORDS).join('|')})\\b`, 'gi');

/** Names of code, and what a standard or a page says in its own words. */
const QUOTED = /`[^`]*`|"[^"]*"|\{@link [^}]*\}/g;

/** The comment of each line; of a line without one the empty text. */
function commentsOf(source: string): string[] {
  let isInBlock = false;
  return source.split('\n').map((line) => {
    const comment = isInBlock ? line : (line.match(/(?:^|\s)(?:\/\/|\/\*).*/)?.[0] ?? '');
    isInBlock = (isInBlock || /^\s*\/\*/.test(comment)) && !comment.includes('*/');
    return comment;
  });
}

function findingsOf(source: string): string[] {
  return commentsOf(source).flatMap((comment, index) =>
    [...comment.replace(QUOTED, '').matchAll(PATTERN)].map(
      ([word]) => `${index + 1}: "${word}"; better: ${WORDS[word.toLowerCase()]}`,
    ),
  );
}

test('a listed word is found in every form of comment, and not in code or quotations', () => {
  const source = [
    "const told = 'nobody'; // besides that",
    '/** Whoever reads `anew`. */',
    '/*',
    ' * His.',
    ' */',
    "const text = 'https://somebody';",
    '// The MUST of "nobody else" is of RFC 0.',
  ].join('\n');
  expect(findingsOf(source).map((found) => found.split(';')[0])).toEqual(['1: "besides"', '2: "Whoever"', '4: "His"']);
});

test.each(FOLDERS)('comments in %s are in plain words', (folder) => {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(0);
  const found = files.flatMap((path) =>
    findingsOf(readFileSync(join(ROOT, folder, path), 'utf8')).map((finding) => `${folder}/${path}:${finding}`),
  );
  expect(found).toEqual([]);
});
