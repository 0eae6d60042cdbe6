// Puts together what is installed on premises: the relay as one file, its checksum, what it is made of, and what runs
// it.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildRelay } from './build-relay.ts';
import { softwareBill } from './software-bill.ts';

const ROOT = join(import.meta.dirname, '..');

/** Beside the bundle, as they lie in infra/relay. */
const BESIDE = ['Dockerfile', 'README.md', 'nac-relay.service', 'relay.yaml'];

/**
 * @param folder absent or empty
 * @throws Error when something lies in the folder already: its checksum would say nothing of that
 */
export async function assembleRelay(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new Error(`${folder} is not empty. Name an empty or a new folder.`);
  }
  await buildRelay(join(folder, 'nac-relay.mjs'));
  for (const name of BESIDE) await copyFile(join(ROOT, 'infra/relay', name), join(folder, name));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'sbom.cdx.json'), await softwareBill('relay/package.json'));
  await writeFile(join(folder, 'SHA256SUMS'), await checksums(folder));
}

/** As `sha256sum --check` reads them. */
async function checksums(folder: string): Promise<string> {
  const names = (await readdir(folder)).toSorted();
  const lines = names.map(async (name) => {
    const digest = createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
}
