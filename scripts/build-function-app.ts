// Bundles the function app into the one file that is deployed.

import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

export interface BuildOptions {
  /** For stack traces while developing; what is deployed goes without. */
  readonly sourceMap?: boolean;
}

/**
 * CommonJS, since the Functions worker provides @azure/functions-core by require and an ESM bundle could not ask for
 * it.
 * @returns path of the bundle
 */
export async function buildFunctionApp(
  outfile: string = join(ROOT, 'dist/functions.cjs'),
  { sourceMap = true }: BuildOptions = {},
): Promise<string> {
  await rm(dirname(outfile), { recursive: true, force: true });
  await build({
    entryPoints: [join(ROOT, 'functions/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Known only inside the Functions worker.
    external: ['@azure/functions-core'],
    sourcemap: sourceMap,
    legalComments: 'linked',
    logLevel: 'warning',
  });
  return outfile;
}
