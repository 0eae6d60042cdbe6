// One dialect in every folder: how a file opens, how constants, log events and errors are written. What the linter
// cannot say is said here; that tests are called test() it says itself.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PRODUCT = '{cli,functions,local,relay,scripts,shared}/**/*.ts';

/** Errors that end inside the file that throws them; no person and no log line sees them. */
const INNER_ERRORS = ['CoaSenderClosedError', 'DamagedColumn', 'NoAnswer', 'WorkerStopped'];
const ROOTS_OF_ERRORS = ['shared/errors.ts', 'local/local-error.ts'];

const EVENT = /^[a-z]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)?$/;

/** Text with a value in the place of each `${…}`, so that the rest can be judged. */
const filledIn = (event: string): string => event.replace(/\$\{[^}]*\}/g, 'x');

function eventsIn(source: string): string[] {
  const logged = source.matchAll(/\blog(?:ger)?\??\.(?:info|warn|error)\(\s*(['`])(.*?)\1/g);
  const inFields = source.matchAll(/\bevent: (['`])(.*?)\1/g);
  return [...logged, ...inFields].map(([, , event = '']) => event);
}

/**
 * Names of module constants in camelCase that hold data: a literal, a list, a table, a pattern. Behaviour has `=>` in
 * it.
 */
function lowerCaseConstantsIn(source: string): string[] {
  return [...source.matchAll(/^(?:export )?const ([a-z]\w*)(?:: [^=\n]+)? =\s+([\s\S]*?);$/gm)]
    .filter(([, , value = '']) => isData(value))
    .map(([, name = '']) => name);
}

/** An empty list or map is state that fills, and named like a variable. */
function isData(value: string): boolean {
  if (/=>|\bfunction\b|\) \{|^(?:\[\]|\{\}|new (?:Map|Set)(?:<[^(]*>)?\(\))/.test(value)) return false;
  return /^(?:['"`\d[{]|-\d|\/(?!\/).*\/[a-z]*$|new (?:Map|Set|WeakMap|WeakSet)\b|(?:true|false)$)/.test(value);
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesOf = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).toSorted();

function findings(pattern: string, find: (source: string, path: string) => readonly string[]): string[] {
  const paths = filesOf(pattern);
  expect(paths.length).toBeGreaterThan(100);
  return paths.flatMap((path) => find(read(path), path).map((found) => `${path}: ${found}`));
}

test('the finders find: an event with an underscore, a lower-case list, and neither a clock nor an empty list', () => {
  const source = [
    "log.warn('relay.job_failed', {});",
    'logger?.info(`relay.$' + '{next}`, fields);',
    'const limits = { held: 5 };',
    'const guid = /^[0-9a-f]+$/;',
    "const names: readonly string[] = [\n  'a',\n];",
    'const clock = { now: () => new Date() };',
    'const seen: string[] = [];',
    'const LIMITS = [1];',
  ].join('\n');
  expect(eventsIn(source).filter((event) => !EVENT.test(filledIn(event)))).toEqual(['relay.job_failed']);
  expect(eventsIn(source)).toHaveLength(2);
  expect(lowerCaseConstantsIn(source)).toEqual(['limits', 'guid', 'names']);
});

test('log events are kebab-case, the area before the dot', () => {
  expect(findings(PRODUCT, (source) => eventsIn(source).filter((event) => !EVENT.test(filledIn(event))))).toEqual([]);
});

test('the alerts, the workbook and the documents ask for events that are logged', () => {
  const logged = new Set(filesOf(PRODUCT).flatMap((path) => eventsIn(read(path))));
  const quoted = new Set(
    filesOf(PRODUCT).flatMap((path) => [...read(path).matchAll(/'([a-z-]+\.[a-z-]+)'/g)].map(([, text]) => text)),
  );
  const asked = filesOf('{infra/**/*.bicep,docs/**/*.md}').flatMap((path) =>
    [...read(path).matchAll(/\bevent\)? (?:==|in) \(?((?:"[a-z._-]+"(?:, )?)+)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/"([^"]+)"/g)].map(([, event = '']) => event),
    ),
  );
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((event) => !logged.has(event) && !quoted.has(event))).toEqual([]);
});

test('module constants are UPPER_SNAKE', () => {
  expect(findings('{cli,functions,local,relay,scripts,shared,test}/**/*.ts', lowerCaseConstantsIn)).toEqual([]);
});

test('every file opens with a sentence that says what it is for', () => {
  const found = findings('{cli,functions,local,relay,scripts,shared,test}/**/*.ts', (source) =>
    /^(?:#!.*\n)?\/\/ \S/.test(source) ? [] : ['open it with a line of //'],
  );
  expect(found).toEqual([]);
});

test('comments are at most 120 characters wide, as .editorconfig has it', () => {
  const found = findings('{{cli,functions,local,relay,scripts,shared,test}/**/*.ts,infra/**/*.bicep}', (source) =>
    source.split('\n').filter((line) => line.length > 120 && /^\s*(?:\/\/|\/\*|\* )/.test(line)),
  );
  expect(found).toEqual([]);
});

test('errors derive from the root of their tree', () => {
  const found = findings(PRODUCT, (source, path) =>
    ROOTS_OF_ERRORS.includes(path)
      ? []
      : [...source.matchAll(/class (\w+) extends Error\b/g)]
          .map(([, name = '']) => name)
          .filter((name) => !INNER_ERRORS.includes(name)),
  );
  expect(found).toEqual([]);
});
