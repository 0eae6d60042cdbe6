// `npm run package [-- <folder>]`: makes <folder>/app, what is deployed, and <folder>/connector-<version>.zip.

import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { assemblePackage, zipPackage } from './assemble-package.ts';

const ROOT = join(import.meta.dirname, '..');
const OWN_FOLDER = join(ROOT, '.package');

try {
  const [folder = OWN_FOLDER, ...rest] = process.argv.slice(2);
  if (rest.length > 0) throw new Error('Usage: npm run package [-- <empty folder>]');
  // Our own folder holds nothing but earlier packages; any other is left as it is.
  if (resolve(folder) === OWN_FOLDER) rmSync(OWN_FOLDER, { recursive: true, force: true });
  await makePackage(resolve(folder));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}

async function makePackage(folder: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const app = join(folder, 'app');
  const zipFile = join(folder, `connector-${version}.zip`);
  for (const { path, bytes } of await assemblePackage(app)) console.log(`${size(bytes)}  ${path}`);
  await zipPackage(app, zipFile);
  const zip = readFileSync(zipFile);
  console.log(`\n${relative(process.cwd(), zipFile)}: ${size(zip.length).trim()}`);
  console.log(`sha256 ${createHash('sha256').update(zip).digest('hex')}`);
}

function size(bytes: number): string {
  return `${(bytes / 1024).toFixed(0).padStart(7)} KiB`;
}
