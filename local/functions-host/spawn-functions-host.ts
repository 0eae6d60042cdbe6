// Starts the functions host as a child process and waits until it is ready; for the local run and for tests.
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { type Exit, startChild } from '../child-process.ts';
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
  const {
    ready,
    process: child,
    exited,
    end,
  } = await startChild<Ready>({
    name: 'The functions host',
    commandLine: commandLine(options),
    env: { ...(process.env['PATH'] === undefined ? {} : { PATH: process.env['PATH'] }), ...options.env },
    parseReadyLine,
    onLine: options.onLine,
    killAfterMs: KILL_AFTER_MS,
  });
  const { port, url, functions } = ready;
  return {
    port,
    url,
    functions,
    process: child,
    // A child that printed its ready line has one.
    pid: child.pid ?? 0,
    exited,
    stop: () => end('SIGTERM'),
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
