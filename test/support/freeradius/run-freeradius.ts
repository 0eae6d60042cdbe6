// Runs a real FreeRADIUS with any configuration, and sees to its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { requirePrograms } from './run-program.ts';

const FREERADIUS = '/usr/sbin/freeradius';
const PORT_ATTEMPTS = 5;
const STOP_DEADLINE = 5000;

export interface Prepared {
  /** Where its radiusd.conf is. */
  readonly folder: string;
  /** The server's whole environment; empty by default. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningFreeRadius {
  /** Everything it has printed. */
  output(): string;
  /** By `SIGTERM` by default; killed if it does not end by itself. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts the server and returns when it answers requests.
 * @param prepare chooses free ports and writes them down; asked again if another process has taken one meanwhile
 * @returns what was prepared, and the server
 */
export async function runFreeRadius<What extends Prepared>(
  prepare: () => Promise<What>,
): Promise<What & { readonly server: RunningFreeRadius }> {
  requirePrograms([FREERADIUS]);
  for (let attempt = 1; ; attempt++) {
    const prepared = await prepare();
    const server = launch(prepared);
    if (await server.started) return { ...prepared, server };
    if (attempt === PORT_ATTEMPTS || !server.output().includes('Address already in use')) {
      throw new Error(`FreeRADIUS did not start:\n${server.output()}`);
    }
  }
}

interface Launched extends RunningFreeRadius {
  /** True when it answers requests, false if it has ended instead. */
  readonly started: Promise<boolean>;
}

function launch({ folder, env = {} }: Prepared): Launched {
  const child = spawn(FREERADIUS, ['-f', '-l', 'stdout', '-d', folder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  // For a test process that ends without stopping its servers, such as one that vitest gave up on.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  }).finally(() => process.off('exit', kill));
  let output = '';
  const started = new Promise<boolean>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        output += chunk;
        if (output.includes('Ready to process requests')) resolve(true);
      });
    }
    void ended.then(() => resolve(false));
  });
  return { started, output: () => output, stop: (signal = 'SIGTERM') => stop(child, ended, signal) };
}

async function stop(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE);
  await ended;
  clearTimeout(timer);
}
