// The share of the simulation that runs with every change: 300 worlds, none of which may fail. It runs as people run
// it, in a process of its own: there a world never waits for anything real, as it would for the modules of a test
// runner.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SEEDS = 300;

test('in 300 worlds no station keeps an answer that policy no longer gives', { timeout: 600_000 }, async () => {
  const { exitCode, output } = await simulate('--seeds', String(SEEDS), '--workers', '2');
  expect(output).toContain(`${SEEDS} worlds from seed 1`);
  expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.not.stringContaining('fails') });
});

test('a seed is one world: run again, it does the very same', async () => {
  const [first, again] = await Promise.all([simulate('--seed', '7', '--trace'), simulate('--seed', '7', '--trace')]);
  expect(first.output.split('\n').length).toBeGreaterThan(100);
  expect(again).toEqual(first);
});

interface Run {
  readonly exitCode: number;
  readonly output: string;
}

async function simulate(...options: readonly string[]): Promise<Run> {
  const command = [new URL('./simulate.ts', import.meta.url).pathname, ...options];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 64 * 1024 * 1024 });
    return { exitCode: 0, output: stdout };
  } catch (thrown) {
    const { code, stdout = '' } = thrown as { readonly code?: unknown; readonly stdout?: string };
    if (typeof code !== 'number') throw thrown;
    return { exitCode: code, output: stdout };
  }
}
