// Starts the functions host as a child process and waits until it is ready; for the local run and for tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseReadyLine, type Ready } from './ready-line.ts';
import type { FunctionGroup } from './triggers/trigger-type.ts';

export interface SpawnOptions {
  readonly appFolder: string;
  readonly functions: FunctionGroup | 'all';
  /** 0 or none: a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** The child's whole environment, but for PATH, which is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface BackgroundFunctionsHost {
  readonly functions: readonly string[];
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when the process has ended; killed if it does not end by itself. */
  stop(): Promise<void>;
  readonly exited: Promise<Exit>;
}

export interface HttpFunctionsHost extends BackgroundFunctionsHost {
  readonly url: string;
  readonly port: number;
}

// Longer than the host itself takes at worst: running invocations and appTerminate hooks, 10 s each.
const KILL_AFTER_MS = 25_000;

export function spawnFunctionsHost(
  options: SpawnOptions & { readonly functions: 'http' | 'all' },
): Promise<HttpFunctionsHost>;
export function spawnFunctionsHost(
  options: SpawnOptions & { readonly functions: 'background' },
): Promise<BackgroundFunctionsHost & { readonly url: null; readonly port: null }>;
export async function spawnFunctionsHost(options: SpawnOptions): Promise<BackgroundFunctionsHost & Ready> {
  const child = spawn(process.execPath, commandLine(options), {
    env: { ...(process.env['PATH'] === undefined ? {} : { PATH: process.env['PATH'] }), ...options.env },
    // With the IPC channel the child notices when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('The functions host was started without pipes for its output.');
  const ready = Promise.withResolvers<Ready>();
  const ended = Promise.withResolvers<Exit>();
  let errorText = '';

  const lines = [createInterface({ input: stdout }), createInterface({ input: stderr })] as const;
  lines[0].on('line', (line) => {
    const parsed = parseReadyLine(line);
    if (parsed) ready.resolve(parsed);
    options.onLine?.(line, 'stdout');
  });
  lines[1].on('line', (line) => {
    // Only what explains a failed start is kept.
    if (errorText.length < 100_000) errorText += `${line}\n`;
    options.onLine?.(line, 'stderr');
  });
  const allRead = Promise.all(lines.map((reader) => once(reader, 'close')));
  child.once('error', (error) => {
    ready.reject(error);
    ended.resolve({ code: null, signal: null });
  });
  // The child's "close" event would say both at once, but does not come when this process closes the IPC channel.
  child.once('exit', async (code, signal) => {
    await allRead;
    ready.reject(new Error(`The functions host ended (${signal ?? `code ${code}`}):\n${errorText.trim()}`));
    ended.resolve({ code, signal });
  });

  const { port, url, functions } = await ready.promise;
  return {
    port,
    url,
    functions,
    process: child,
    // A child that printed its ready line has one.
    pid: child.pid ?? 0,
    exited: ended.promise,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended.promise;
      clearTimeout(timer);
    },
  };
}

function commandLine({ appFolder, functions, port, host, tls }: SpawnOptions): string[] {
  return [
    path.join(import.meta.dirname, 'main.ts'),
    ...['--app', appFolder, '--functions', functions],
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(host === undefined ? [] : ['--host', host]),
    ...(tls === undefined ? [] : ['--cert', tls.certFile, '--key', tls.keyFile]),
  ];
}
