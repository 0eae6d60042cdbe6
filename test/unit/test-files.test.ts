// Where tests lie and how long their files may be: a file that is too long to be read whole is about more than one
// thing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MOST_LINES = 500;
const ROOT = join(import.meta.dirname, '..');
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));

test('no test file has more than 500 lines', () => {
  expect(files.length).toBeGreaterThan(250);
  const tooLong = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > MOST_LINES + 1);
  expect(tooLong).toEqual([]);
});

test('each integration test lies in the folder of its flow', () => {
  expect(files.filter((file) => /^integration\/[^/]+$/.test(file))).toEqual([]);
});
