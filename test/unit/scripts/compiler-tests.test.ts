// Which tests are left out without a Bicep compiler, and what is said of it.

import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

test('without dotnet the script that brings the compiler says what is missing, and fails', async () => {
  const root = join(import.meta.dirname, '../../..');
  const onlyThese = mkdtempSync(join(tmpdir(), 'nac-no-dotnet-'));
  try {
    symlinkSync('/usr/bin/dirname', join(onlyThese, 'dirname'));
    const refused = await promisify(execFile)('/bin/bash', ['.ci/install-bicep'], {
      cwd: root,
      env: { PATH: onlyThese },
    }).catch((error) => error);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no dotnet here: install the \.NET SDK, or .*az bicep install/),
    });
  } finally {
    rmSync(onlyThese, { recursive: true });
  }
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
    /import .*\b(?:runBicep|startBicepServer|compiledTemplate)\b/.test(readFileSync(join(folder, file), 'utf8')),
  );
  const leftOut = compilerTestsLeftOut({ BICEP: '/nowhere/bicep' })?.tests ?? [];
  expect([...leftOut].sort()).toEqual(runsIt.map((file) => `test/infra/${file}`).sort());
});
