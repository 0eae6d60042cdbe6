// Command line entry: runs the embedded Service Bus broker as its own process, until a signal stops it.

import { endProcess, outliveReaders } from '../end-process.ts';
import { StartError } from '../local-error.ts';
import { BROKER_READY } from '../ready-line.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { readQueueDefinitions } from './read-queue-definitions.ts';
import { startServiceBus } from './start-service-bus.ts';

outliveReaders();

try {
  await run();
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  endProcess(1);
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
  process.stdout.write(`${BROKER_READY.format({ connectionString: bus.connectionString, port: bus.port })}\n`);

  await stopRequested.promise;
  await bus.close();
  endProcess(0);
}

function describe(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
