// Which tests are left out without a Bicep compiler, and what is said of it.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilerTestsLeftOut, mustRun } from '../../../scripts/compiler-tests.ts';

let program: string;

beforeAll(() => {
  program = join(mkdtempSync(join(tmpdir(), 'nac-compiler-')), 'bicep');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
});

afterAll(() => rmSync(join(program, '..'), { recursive: true, force: true }));

test('without a compiler its tests are named, with the ways to get it', () => {
  const leftOut = compilerTestsLeftOut({ BICEP: '/nowhere/bicep' });
  expect(leftOut?.tests).toContain('test/infra/snapshots.test.ts');
  for (const tests of leftOut?.tests ?? []) expect(leftOut?.notice).toContain(tests);
  expect(leftOut?.notice).toContain('.ci/install-bicep');
  expect(leftOut?.notice).toContain('BICEP=');
});

test('without the types of Microsoft Graph only infra/identity is left out', () => {
  expect(compilerTestsLeftOut({ BICEP: program })?.tests).toEqual(['test/infra/identity.test.ts']);
  expect(compilerTestsLeftOut({ BICEP: program, GRAPH_BICEP_TYPES: '/types' })).toBeUndefined();
});

test('in CI nothing is left out without a failure: the compiler then asks Microsoft’s registry for the types', () => {
  expect(compilerTestsLeftOut({ BICEP: program, CI: 'true' })).toBeUndefined();
  expect(compilerTestsLeftOut({ BICEP: '/nowhere/bicep', CI: 'true' })?.tests).not.toEqual([]);
  expect([{ CI: 'true' }, { REQUIRE_REAL_PEERS: '1' }, {}].map(mustRun)).toEqual([true, true, false]);
});

test('without a compiler every test that runs one is left out, and no other', () => {
  const folder = join(import.meta.dirname, '../../infra');
  const tests = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  const runsIt = tests.filter((file) =>
    /import .*\b(?:runBicep|snapshot|compiledTemplate)\b/.test(readFileSync(join(folder, file), 'utf8')),
  );
  const leftOut = compilerTestsLeftOut({ BICEP: '/nowhere/bicep' })?.tests ?? [];
  expect([...leftOut].sort()).toEqual(runsIt.map((file) => `test/infra/${file}`).sort());
});
