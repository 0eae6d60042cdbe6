// What is installed on premises, in an empty folder far from the repository: one file that runs, and what says so.

import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleRelay } from '../../scripts/assemble-relay.ts';
import { buildRelay } from '../../scripts/build-relay.ts';
import { ROOT } from './deployment.ts';

const run = promisify(execFile);
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const own: { name: string; version: string; dependencies: Record<string, string> } = json('relay/package.json');
const lock: Record<string, { version: string }> = json('package-lock.json').packages;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-relay-package-'));
  await assembleRelay(join(folder, 'relay'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package has only what runs the relay', () => {
  expect(readdirSync(join(folder, 'relay')).sort()).toEqual([
    'Dockerfile',
    'LICENSE',
    'README.md',
    'SHA256SUMS',
    'nac-relay.mjs',
    'nac-relay.mjs.LEGAL.txt',
    'nac-relay.service',
    'relay.yaml',
    'sbom.cdx.json',
  ]);
});

test('its checksums are right, as sha256sum sees them', () => {
  const said = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: join(folder, 'relay'),
    encoding: 'utf8',
  });
  expect(said.match(/: OK$/gm)).toHaveLength(8);
});

test('the one file runs alone: no package, no other file', async () => {
  const alone = mkdtempSync(join(folder, 'alone-'));
  cpSync(join(folder, 'relay/nac-relay.mjs'), join(alone, 'nac-relay.mjs'));
  const { stdout } = await run(process.execPath, ['nac-relay.mjs', '--help'], { cwd: alone, env: {} });
  expect(stdout).toContain('run the relay until SIGTERM');
  const checked = run(process.execPath, ['nac-relay.mjs', 'check', join(folder, 'relay/relay.yaml')], {
    cwd: alone,
    env: {},
  });
  // The example names files of secrets that are not there: each is reported by line, and nothing else is wrong.
  await expect(checked).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^NAC_RELAY_SECRET: 3 problem\(s\)/),
  });
});

test('its list of dependencies names what its files import, in the versions that are locked', async () => {
  const inputs = await buildRelay(join(folder, 'again/nac-relay.mjs'));
  const ours = inputs.filter((path) => path.endsWith('.ts'));
  expect(ours).toContain('relay/main.ts');
  const imported = new Set<string>();
  for (const path of ours) {
    for (const [, specifier = ''] of readFileSync(join(ROOT, path), 'utf8').matchAll(
      /(?: from |import\(\s*)'([^'.][^']*)'/g,
    )) {
      if (specifier.startsWith('node:')) continue;
      imported.add(
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    }
  }
  expect(Object.keys(own.dependencies).sort()).toEqual([...imported].sort());
  for (const [name, version] of Object.entries(own.dependencies)) {
    expect(lock[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test('nothing of the cloud is in it: no store, no trigger, no MDM', async () => {
  const bill = JSON.parse(readFileSync(join(folder, 'relay/sbom.cdx.json'), 'utf8'));
  const names: string[] = bill.components.map(({ group, name }: { group?: string; name: string }) =>
    group === undefined ? name : `${group}/${name}`,
  );
  expect(bill.metadata.component).toMatchObject({ name: own.name, version: own.version });
  expect(names).toContain('@azure/service-bus');
  for (const name of ['@azure/functions', '@azure/data-tables', 'node-forge', 'sax']) expect(names).not.toContain(name);
});

test('one rhea is installed: the guard of settlements looks into the copy that the SDK uses', () => {
  expect(Object.keys(lock).filter((path) => path.endsWith('node_modules/rhea'))).toEqual(['node_modules/rhea']);
});

test('the container runs without root, on what the package has', () => {
  const dockerfile = readFileSync(join(folder, 'relay/Dockerfile'), 'utf8');
  expect(dockerfile).toMatch(/^FROM node:24-slim$/m);
  expect(dockerfile).toMatch(/^USER node$/m);
  const copied = /^COPY (.*) \.\/$/m.exec(dockerfile)?.[1]?.split(' ') ?? [];
  expect(copied).toContain('nac-relay.mjs');
  for (const name of copied) expect(readdirSync(join(folder, 'relay'))).toContain(name);
});
