// What the build of the console makes: a first page that loads fast, names by content, no code of the connector, the
// licences of what is in it.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole, type ConsoleManifest } from '../../../scripts/build-console.ts';

/** What the first page may cost, compressed. */
const FIRST_LOAD_BYTES = 120 * 1024;

let folder: string;
let manifest: ConsoleManifest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-console-build-'));
  manifest = await buildConsole(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the first page loads in at most 120 KB, compressed; editor and later pages are not in it', () => {
  const bytes = manifest.firstLoad.map((path) => manifest.files.find((file) => file.path === path)?.brotliBytes ?? 1e9);
  const sum = bytes.reduce((one, other) => one + other, 0);
  console.log(`first load of the console: ${(sum / 1024).toFixed(1)} KiB in ${bytes.length} files`);
  expect(sum).toBeLessThan(FIRST_LOAD_BYTES);
  expect(manifest.firstLoad.some((path) => path.includes('policy'))).toBe(false);
});

test('each file is there as it is, in Brotli and in gzip, and has the same content', () => {
  for (const { path, bytes } of manifest.files) {
    const content = readFileSync(join(folder, path));
    expect(content.length).toBe(bytes);
    expect(brotliDecompressSync(readFileSync(join(folder, `${path}.br`))).equals(content)).toBe(true);
    expect(gunzipSync(readFileSync(join(folder, `${path}.gz`))).equals(content)).toBe(true);
  }
});

test('the page names files of the build by their hashed names, and no other origin', () => {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:href|src)="\/console\/([^"]+)"/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(2);
  for (const path of named) expect(existsSync(join(folder, path))).toBe(true);
  expect(page).not.toMatch(/https?:|\{\{|<script>|<style|style=/);
});

test('the licence of each package in the scripts is served with them', () => {
  const licences = readFileSync(join(folder, 'licences.txt'), 'utf8');
  for (const name of ['@azure/msal-browser', '@azure/msal-common', 'preact', '@preact/signals', 'preact-iso']) {
    expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
  }
  expect(licences).not.toMatch(/axe-core|playwright|Mozilla/);
});
