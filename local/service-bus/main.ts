// Command line entry: runs the embedded Service Bus broker as its own process, until a signal stops it.

import { StartError } from '../local-error.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { readQueueDefinitions } from './read-queue-definitions.ts';
import { formatReadyLine } from './ready-line.ts';
import { startServiceBus } from './start-service-bus.ts';

// The reader of our output may be gone before us; that is no reason to skip the shutdown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await run();
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  exit(1);
}

async function run(): Promise<void> {
  const stopRequested = Promise.withResolvers<void>();
  process.on('SIGTERM', stopRequested.resolve);
  process.on('SIGINT', stopRequested.resolve);
  // A parent that dies takes its broker along.
  if (process.send) process.on('disconnect', stopRequested.resolve);

  const { queuesFile, port, dataFolder } = parseCommandLine(process.argv.slice(2));
  const queues = readQueueDefinitions(queuesFile);
  const bus = await startServiceBus({ port, queues, ...(dataFolder === undefined ? {} : { dataFolder }) });
  process.stdout.write(`${formatReadyLine(bus)}\n`);

  await stopRequested.promise;
  await bus.close();
  exit(0);
}

function describe(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
