// Undoes a mend in a copy of the product, and has the simulation look for the fault there.

import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTATIONS } from './mutations.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PARTS = ['shared', 'relay', 'test/simulation', 'package.json'];

/** @returns the exit code of the simulation: 1 when it has found the fault */
export async function simulateUndone(name: string, args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'nac-undone-'));
  try {
    for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await undo(name, folder);
    return await run(join(folder, 'test/simulation/simulate.ts'), args, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Error when there is no such fault, or the product is not as it was when it was mended */
export async function undo(name: string, folder: string): Promise<void> {
  const mutation = MUTATIONS[name];
  if (mutation === undefined) throw new Error(`No such fault; there are ${Object.keys(MUTATIONS).join(', ')}.`);
  const path = join(folder, mutation.file);
  await writeFile(path, mutated(await readFile(path, 'utf8'), name));
}

export function mutated(text: string, name: string): string {
  const { file, from, to } = MUTATIONS[name] as (typeof MUTATIONS)[string];
  const pieces = text.split(from);
  if (pieces.length !== 2) throw new Error(`${name}: ${file} holds what is to be undone ${pieces.length - 1} times.`);
  return pieces.join(to);
}

function run(script: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: 'inherit' });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on('error', reject);
  child.on('exit', (code) => resolve(code ?? 1));
  return promise;
}
