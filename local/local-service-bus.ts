// The Service Bus of a local run, with the queues that infra/ deploys.

import { join } from 'node:path';
import type { LocalRun } from './local-run.ts';
import type { QueueDefinition } from './service-bus/queue-definition.ts';
import { spawnServiceBus } from './service-bus/spawn-service-bus.ts';

export function localQueues(site: string) {
  return [
    { name: `coa-${site}`, requiresSession: true, lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 },
    { name: 'coa-results', lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 },
  ] as const satisfies readonly QueueDefinition[];
}

/**
 * @param durable messages outlive the process
 * @returns the connection string
 */
export async function startLocalServiceBus(run: LocalRun, site: string, durable: boolean): Promise<string> {
  let port = 0;
  const messages = durable ? { dataFolder: join(run.dataFolder, 'service-bus') } : {};
  const serviceBus = await run.start('serviceBus', 'The Service Bus broker', async () => {
    const broker = await spawnServiceBus({ queues: localQueues(site), port, ...messages });
    // Started again, it is found where it was.
    port = broker.port;
    return { ...broker, pid: broker.process.pid ?? 0 };
  });
  run.progress('Service Bus (embedded)', `amqp://127.0.0.1:${serviceBus.port}`);
  return serviceBus.connectionString;
}
