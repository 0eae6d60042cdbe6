// docs/reliability.md lists every loop over what grows with the network: whatever reads such a list is in its table,
// and what the table names is there.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');
const TABLE = TEXT.slice(TEXT.indexOf('## Loops and their bounds'));
const NAMED = [...TABLE.matchAll(/`([a-z-]+(?:\/[a-z-]+)*\.ts)`/g)].map(([, file = '']) => file);
const TESTS = [...TABLE.matchAll(/`((?:unit|integration)\/[a-z/-]+)`/g)].map(([, file = '']) => file);

/** Lists that grow with sessions, devices, jobs or sites. */
const LISTS =
  /\.(?:listPage|marks|openRows|listMarks|pendingChanges|listKeys|listRecords|listOpen|listToCompare|listWithoutRecord|listGone|removeSilent|removeBefore|removeFinished|listConcerned)\(|walk(?:Sessions|Fleet)\(|\bindex\.listNoncompliant\(/;
/** They hand the list on, one by one, to what the table names. */
const HAND_ON = ['enforcement/observed-jobs.ts', 'walk-fleet.ts'];

const sources = readdirSync(join(ROOT, 'shared'), { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/^(?:adapters|ports)\//.test(file),
);

test('whatever reads a list without end is in the table', () => {
  const looping = sources.filter((file) => LISTS.test(readFileSync(join(ROOT, 'shared', file), 'utf8')));
  expect(looping.length).toBeGreaterThan(15);
  expect(looping.filter((file) => !NAMED.includes(file) && !HAND_ON.includes(file))).toEqual([]);
});

test('files and tests of the table are there', () => {
  const known = [...sources, 'table-decision-store.ts'];
  expect(NAMED.filter((file) => !known.includes(file))).toEqual([]);
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  expect(TESTS.length).toBeGreaterThan(15);
  expect(TESTS.filter((file) => !tests.includes(`${file}.test.ts`))).toEqual([]);
});
