// Puts together what is deployed: the bundle and the files that say what it is and what it is made of. No node_modules:
// the bundle has it all, so nothing is installed or built on Azure (remoteBuild: false).

import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { zipSync } from 'fflate';
import { buildFunctionApp } from './build-function-app.ts';
import { softwareBill } from './software-bill.ts';

const ROOT = join(import.meta.dirname, '..');

/** The same content makes the same zip, byte for byte: a rollback can be distinguished from a new version. */
const ZIP_TIME = new Date(1980, 0, 1);

export interface PackagedFile {
  /** From the package's folder, with slashes. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * @param folder absent or empty
 * @throws Error when something lies in the folder already: it would be deployed with the rest
 */
export async function assemblePackage(folder: string): Promise<PackagedFile[]> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new Error(
      `${folder} is not empty: what lies there would be deployed as well. Name an empty or a new folder.`,
    );
  }
  await buildFunctionApp(join(folder, 'dist/functions.cjs'), { sourceMap: false });
  await copyFile(join(ROOT, 'host.json'), join(folder, 'host.json'));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'package.json'), await packageJson());
  await writeFile(join(folder, 'sbom.cdx.json'), await softwareBill());
  return listFiles(folder);
}

/** Zips a package's folder, as `az functionapp deployment source config-zip` takes it. */
export async function zipPackage(folder: string, zipFile: string): Promise<void> {
  const files = await listFiles(folder);
  const content = await Promise.all(
    files.map(async ({ path }) => [path, new Uint8Array(await readFile(join(folder, path)))] as const),
  );
  await writeFile(zipFile, zipSync(Object.fromEntries(content), { level: 9, mtime: ZIP_TIME }));
}

/** Without dependencies and scripts: there is nothing to install or run. */
async function packageJson(): Promise<string> {
  const { name, version, license, engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, license, private: true, engines, main: 'dist/functions.cjs' }, null, 2)}\n`;
}

async function listFiles(folder: string): Promise<PackagedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sized = files.map(async (file) => ({
    path: relative(folder, file).replaceAll('\\', '/'),
    bytes: (await readFile(file)).length,
  }));
  return (await Promise.all(sized)).sort((one, other) => (one.path < other.path ? -1 : 1));
}
