// Starts the functions host as a child process and waits until it is ready; for the local run and for tests.
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { type Exit, type StartedChild, startChild } from '../child-process.ts';
import { HOST_READY, type HostReady } from '../ready-line.ts';
import { LOST_WORKER, MOST_REPLACED_IN_A_MINUTE } from './lost-worker.ts';
import type { FunctionGroup } from './triggers/trigger-type.ts';

export interface SpawnOptions {
  readonly appFolder: string;
  readonly functions: FunctionGroup | 'all';
  /** 0 or none: a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Where timers keep locks and when they were due; processes that share it share the timers. */
  readonly timerFolder?: string;
  /** The child's whole environment, but for PATH, which is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface BackgroundFunctionsHost {
  readonly functions: readonly string[];
  /** The one that runs now: it is replaced after a function has run for too long, and after an uncaught error. */
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when the process has ended; killed if it does not end by itself. */
  stop(): Promise<void>;
  /** Resolves when a process has ended that is not replaced. */
  readonly exited: Promise<Exit>;
}

export interface HttpFunctionsHost extends BackgroundFunctionsHost {
  readonly url: string;
  readonly port: number;
}

// Longer than the host itself takes at worst: running invocations 10 s, appTerminate hooks 5 s.
const KILL_AFTER_MS = 25_000;

export function spawnFunctionsHost(
  options: SpawnOptions & { readonly functions: 'http' | 'all' },
): Promise<HttpFunctionsHost>;
export function spawnFunctionsHost(
  options: SpawnOptions & { readonly functions: 'background' },
): Promise<BackgroundFunctionsHost & { readonly url: null; readonly port: null }>;
export async function spawnFunctionsHost(options: SpawnOptions): Promise<BackgroundFunctionsHost & HostReady> {
  const start = (port: number | undefined): Promise<StartedChild<HostReady>> =>
    startChild<HostReady>({
      name: 'The functions host',
      commandLine: commandLine({ ...options, ...(port !== undefined && { port }) }),
      env: { ...(process.env['PATH'] === undefined ? {} : { PATH: process.env['PATH'] }), ...options.env },
      parseReadyLine: HOST_READY.parse,
      onLine: options.onLine,
      killAfterMs: KILL_AFTER_MS,
    });
  let running = await start(options.port);
  const { port, url, functions } = running.ready;
  let stopping = false;
  const losses: number[] = [];
  // Resolves when a process has ended that is not replaced.
  const exited = (async (): Promise<Exit> => {
    while (true) {
      const exit = await running.exited;
      if (exit.code !== LOST_WORKER || stopping) return exit;
      losses.push(Date.now());
      if (losses.filter((at) => at > Date.now() - 60_000).length > MOST_REPLACED_IN_A_MINUTE) return exit;
      try {
        running = await start(port ?? undefined);
      } catch {
        // What it wrote has gone to onLine.
        return exit;
      }
      if (stopping) await running.end('SIGTERM');
    }
  })();
  return {
    port,
    url,
    functions,
    get process() {
      return running.process;
    },
    get pid() {
      // A child that printed its ready line has one.
      return running.process.pid ?? 0;
    },
    exited,
    async stop() {
      stopping = true;
      await running.end('SIGTERM');
      await exited;
    },
  };
}

function commandLine({ appFolder, functions, port, host, tls, timerFolder }: SpawnOptions): string[] {
  return [
    path.join(import.meta.dirname, 'main.ts'),
    ...['--app', appFolder, '--functions', functions],
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(host === undefined ? [] : ['--host', host]),
    ...(timerFolder === undefined ? [] : ['--timers', timerFolder]),
    ...(tls === undefined ? [] : ['--cert', tls.certFile, '--key', tls.keyFile]),
  ];
}
