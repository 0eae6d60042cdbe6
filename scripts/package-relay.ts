// `npm run package:relay [-- <folder>]`: makes what is installed on premises, in .package-relay unless named.

import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assembleRelay } from './assemble-relay.ts';

const ROOT = join(import.meta.dirname, '..');
const OWN_FOLDER = join(ROOT, '.package-relay');

try {
  const [folder = OWN_FOLDER, ...rest] = process.argv.slice(2);
  if (rest.length > 0) throw new Error('Usage: npm run package:relay [-- <empty folder>]');
  // Our own folder holds nothing but earlier packages; any other is left as it is.
  if (resolve(folder) === OWN_FOLDER) rmSync(OWN_FOLDER, { recursive: true, force: true });
  await assembleRelay(resolve(folder));
  console.log(readFileSync(join(folder, 'SHA256SUMS'), 'utf8'));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
