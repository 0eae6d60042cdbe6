// Bundles the function app into the one file that is deployed.

import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  const folder = dirname(outfile);
  await mkdir(dirname(folder), { recursive: true });
  const made = await mkdtemp(`${folder}-`);
  try {
    await bundle(join(made, basename(outfile)), sourceMap);
    await replaceFiles(folder, made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return outfile;
}

/** A host that is started meanwhile finds the bundle of before, or the new one, and never none. */
async function replaceFiles(folder: string, made: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = await readdir(made);
  for (const file of files) await rename(join(made, file), join(folder, file));
  const left = (await readdir(folder)).filter((file) => !files.includes(file));
  for (const file of left) await rm(join(folder, file), { recursive: true, force: true });
}

async function bundle(outfile: string, sourceMap: boolean): Promise<void> {
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
}
