// Bundles the function app into the one file that is deployed, and the console beside it.

import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { buildConsole } from './build-console.ts';

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
    await Promise.all([bundle(join(made, basename(outfile)), sourceMap), buildConsole(join(made, 'console'))]);
    await replaceFiles(folder, made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return outfile;
}

/** A host that is started meanwhile finds the files of before, or the new ones, and never none. */
async function replaceFiles(folder: string, made: string): Promise<void> {
  const files = await filesIn(made);
  for (const file of files.toSorted((one, other) => lateness(one) - lateness(other))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await rename(join(made, file), join(folder, file));
  }
  const left = (await filesIn(folder)).filter((file) => !files.includes(file));
  for (const file of left) await rm(join(folder, file), { force: true });
}

/** What names other files comes after them. */
function lateness(file: string): number {
  return ['index.html', 'manifest.json'].indexOf(basename(file));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => relative(folder, join(each.parentPath, each.name)));
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
    // An ES module knows its folder by this name; in the bundle it is the folder of the bundle.
    define: { 'import.meta.dirname': '__dirname' },
    sourcemap: sourceMap,
    legalComments: 'linked',
    logLevel: 'warning',
  });
}
