// What may run when packages are installed: what was looked at, by name, and nothing else.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { allowScripts: Record<string, boolean> };
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { hasInstallScript?: boolean; integrity?: string; link?: boolean; resolved?: string }>;
};
const installed = Object.entries(packages).filter(([place]) => place !== '');

test('npm ends an installation at a script that package.json does not name', () => {
  expect(readFileSync('.npmrc', 'utf8')).toMatch(/^strict-allow-scripts=true$/m);
});

test('package.json decides about every package with a script, and about no other', () => {
  const withScript = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => place.replace(/^.*node_modules\//, ''));
  expect(new Set(withScript)).toEqual(new Set(Object.keys(allowScripts)));
});

test('every package has a checksum', () => {
  expect(installed.length).toBeGreaterThan(300);
  for (const [place, { integrity }] of installed) expect(integrity, place).toMatch(/^sha512-/);
});
