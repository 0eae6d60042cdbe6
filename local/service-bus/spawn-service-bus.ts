// Starts the embedded Service Bus broker as a child process and waits until it is ready; for the local run and for
// tests.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Exit, startChild } from '../child-process.ts';
import { BROKER_READY } from '../ready-line.ts';
import type { QueueDefinition } from './queue-definition.ts';

export interface SpawnServiceBusOptions {
  /** 0 or none: a free one. */
  readonly port?: number;
  /** Where messages survive the end of the process; none: only in memory. */
  readonly dataFolder?: string;
  readonly queues: readonly QueueDefinition[];
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
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
  const { ready, process, exited, end } = await startChild({
    name: 'The Service Bus broker',
    commandLine: commandLine(options, queuesFile),
    parseReadyLine: BROKER_READY.parse,
    onLine: options.onLine,
    killAfterMs: KILL_AFTER_MS,
  });
  const { connectionString, port } = ready;
  return { connectionString, port, process, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

function commandLine({ port, dataFolder }: SpawnServiceBusOptions, queuesFile: string): string[] {
  return [
    path.join(import.meta.dirname, 'main.ts'),
    ...['--queues', queuesFile],
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(dataFolder === undefined ? [] : ['--data', dataFolder]),
  ];
}
