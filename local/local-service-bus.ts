// The Service Bus of a local run, with the queues that infra/ deploys.

import { join } from 'node:path';
import type { LocalRun } from './local-run.ts';
import type { QueueDefinition } from './service-bus/queue-definition.ts';
import { spawnServiceBus } from './service-bus/spawn-service-bus.ts';

/**
 * @param lockDurationMs of a message and of the site's session: so long nothing comes to another after its holder is
 * gone
 */
export function localQueues(site: string, lockDurationMs = 30_000) {
  return [
    { name: `coa-${site}`, requiresSession: true, lockDurationMs, duplicateDetectionWindowMs: 600_000 },
    { name: 'coa-results', lockDurationMs, duplicateDetectionWindowMs: 600_000 },
  ] as const satisfies readonly QueueDefinition[];
}

export interface LocalServiceBusOptions {
  /** Messages outlive the process. */
  readonly durable?: boolean | undefined;
  /** As Azure has it unless given. */
  readonly lockDurationMs?: number | undefined;
}

/** @returns the connection string */
export async function startLocalServiceBus(
  run: LocalRun,
  site: string,
  { durable, lockDurationMs }: LocalServiceBusOptions,
): Promise<string> {
  let port = 0;
  const messages = durable ? { dataFolder: join(run.dataFolder, 'service-bus') } : {};
  const serviceBus = await run.start('serviceBus', 'The Service Bus broker', async () => {
    const broker = await spawnServiceBus({ queues: localQueues(site, lockDurationMs), port, ...messages });
    // Started again, it is found where it was.
    port = broker.port;
    return { ...broker, pid: broker.process.pid ?? 0 };
  });
  run.progress('Service Bus (embedded)', `amqp://127.0.0.1:${serviceBus.port}`);
  return serviceBus.connectionString;
}
