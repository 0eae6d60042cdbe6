// A relay as a process of its own, as an operator runs it: the one file of the package, in an empty folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import { compileCache } from '../../../local/child-process.ts';
import { buildRelay } from '../../../scripts/build-relay.ts';
import type { RelayFixture } from './relay-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'nac-relay-'));
const main = join(folder, 'nac-relay.mjs');
await buildRelay(main);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export interface LoggedLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface RelayProcess {
  readonly child: ChildProcess;
  readonly lines: LoggedLine[];
  /** Resolves when the event has been logged. */
  logged(event: string): Promise<LoggedLine>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Ends it in whatever state it is. */
  close(): Promise<void>;
}

export function spawnRelay({ file, env }: Pick<RelayFixture, 'file' | 'env'>): RelayProcess {
  const child = spawn(process.execPath, [main, 'run', file], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...compileCache(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: LoggedLine[] = [];
  const waiting: { readonly event: string; readonly resolve: (line: LoggedLine) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: LoggedLine = JSON.parse(text);
    lines.push(line);
    for (const one of waiting.filter(({ event }) => line.event === event)) one.resolve(line);
  });
  const exited = once(child, 'exit');
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return {
    child,
    lines,
    logged(event) {
      const known = lines.find((line) => line.event === event);
      if (known) return Promise.resolve(known);
      const { promise, resolve } = Promise.withResolvers<LoggedLine>();
      waiting.push({ event, resolve });
      return promise;
    },
    kill,
    async close() {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGKILL');
    },
  };
}
