// Starts the embedded Service Bus broker as a child process and waits until it is ready; for the local run and for tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { QueueDefinition } from './queue-definition.ts';
import { parseReadyLine, type Ready } from './ready-line.ts';

export interface SpawnServiceBusOptions {
  /** 0 or none: a free one. */
  readonly port?: number;
  /** Where messages survive the end of the process; none: only in memory. */
  readonly dataFolder?: string;
  readonly queues: readonly QueueDefinition[];
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnedServiceBus {
  readonly connectionString: string;
  readonly port: number;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Resolves when the process has ended; killed if it does not end by itself. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

// Longer than the broker itself takes at worst: it waits 2 s for its clients.
const KILL_AFTER_MS = 10_000;

export async function spawnServiceBus(options: SpawnServiceBusOptions): Promise<SpawnedServiceBus> {
  const definitions = mkdtempSync(path.join(tmpdir(), 'service-bus-'));
  try {
    const queuesFile = path.join(definitions, 'queues.json');
    writeFileSync(queuesFile, JSON.stringify(options.queues));
    return await spawnWithQueues(options, queuesFile);
  } finally {
    rmSync(definitions, { recursive: true, force: true });
  }
}

async function spawnWithQueues(options: SpawnServiceBusOptions, queuesFile: string): Promise<SpawnedServiceBus> {
  const child = spawn(process.execPath, commandLine(options, queuesFile), {
    // With the IPC channel the child notices when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('The broker was started without pipes for its output.');
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
  child.once('exit', async (code, signal) => {
    await allRead;
    ready.reject(new Error(`The Service Bus broker ended (${signal ?? `code ${code}`}):\n${errorText.trim()}`));
    ended.resolve({ code, signal });
  });

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await ended.promise;
    clearTimeout(timer);
  };
  const { connectionString, port } = await ready.promise;
  return {
    connectionString,
    port,
    process: child,
    exited: ended.promise,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

function commandLine({ port, dataFolder }: SpawnServiceBusOptions, queuesFile: string): string[] {
  return [
    path.join(import.meta.dirname, 'main.ts'),
    ...['--queues', queuesFile],
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(dataFolder === undefined ? [] : ['--data', dataFolder]),
  ];
}
