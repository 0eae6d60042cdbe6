// Builds the deployable function app: one CommonJS file, since the Functions worker provides @azure/functions-core by
// require and an ESM bundle could not ask for it.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outfile = join(root, 'dist/functions.cjs');

await rm(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'functions/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Known only inside the Functions worker.
  external: ['@azure/functions-core'],
  sourcemap: true,
  legalComments: 'linked',
  logLevel: 'warning',
});
