// Comments, names, messages and titles of tests are plain: subject, verb, object, and the terms of docs/glossary.md.
// The words listed here stand in for a subject that the sentence should name.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['cli', 'functions', 'local', 'relay', 'scripts', 'shared'];

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

/** Names that rows of every version have, with the files that read or write them. */
const STORED: Readonly<Record<string, readonly string[]>> = {
  told: ['shared/adapters/table-storage/row-shapes.ts', 'shared/adapters/table-storage/table-job-store.ts'],
  besides: ['shared/polling/between-sweeps/save-observations.ts', 'shared/polling/breaker/mass-change.ts'],
};

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

/** Names and messages: each line without its comment, names cut into their words. */
function namesOf(source: string): string[] {
  const comments = commentsOf(source);
  return source.split('\n').map((line, index) =>
    line
      .slice(0, line.length - (comments[index]?.length ?? 0))
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .replaceAll('_', ' '),
  );
}

/** What a reader of a test reads first: its titles, and the names that it declares. */
function titlesAndNamesOf(source: string): string {
  const titles = source.matchAll(/\b(?:test|describe)(?:\.\w+)*(?:\([^()]*\))?\(\s*(?:'([^'\n]*)'|`([^`]*)`)/g);
  const names = source.matchAll(/^\s*(?:export )?(?:async )?(?:const|let|function|class|interface|type) ([\w$]+)/gm);
  return [...titles, ...names]
    .map(([, first, second]) => first ?? second ?? '')
    .join('\n')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ');
}

const filesOf = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).toSorted();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const wordsIn = (text: string): string[] => (text.match(PATTERN) ?? []).map((word) => word.toLowerCase());

test.each([...FOLDERS, 'test'])('comments in %s are in plain words', (folder) => {
  const files = filesOf(`${folder}/**/*.ts`).filter((path) => !path.startsWith('test/unit/docs/plain-'));
  expect(files.length).toBeGreaterThan(0);
  expect(files.flatMap((path) => findingsOf(read(path)).map((finding) => `${path}:${finding}`))).toEqual([]);
});

test('a listed word is found in a name and in a message', () => {
  const source = "const toldAt = 1; // told\nconst LINES_BESIDES = 'Whoever asks';\nconst boldly = 'the old';";
  expect(namesOf(source).flatMap(wordsIn)).toEqual(['told', 'besides', 'whoever']);
});

test.each(FOLDERS)('names and messages in %s are in plain words', (folder) => {
  const found = filesOf(`${folder}/**/*.ts`).flatMap((path) =>
    namesOf(read(path))
      .flatMap(wordsIn)
      .filter((word) => STORED[word]?.includes(path) !== true)
      .map((word) => `${path}: ${word}; better: ${WORDS[word]}`),
  );
  expect(found).toEqual([]);
});

test('titles and names of tests are in plain words', () => {
  expect(titlesAndNamesOf("test.each([1])('turns nobody: %s', () => {});\nconst toldAt = 'told';")).toBe(
    'turns nobody: %s\ntold At',
  );
  const files = filesOf('test/**/*.ts').filter((path) => !path.startsWith('test/unit/docs/plain-'));
  const found = files.flatMap((path) =>
    wordsIn(titlesAndNamesOf(read(path))).map((word) => `${path}: ${word}; better: ${WORDS[word]}`),
  );
  expect(found).toEqual([]);
});

test('templates describe themselves in plain words', () => {
  const files = filesOf('infra/**/*.{bicep,kql}');
  expect(files.length).toBeGreaterThan(10);
  expect(
    files.flatMap((path) => wordsIn(read(path)).map((word) => `${path}: ${word}; better: ${WORDS[word]}`)),
  ).toEqual([]);
});
