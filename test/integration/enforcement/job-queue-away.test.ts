// The cloud's side of the job queues while Service Bus goes away and comes back: the outbox can send within seconds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { beforeEach, expect, test } from 'vitest';
import { type SpawnedServiceBus, spawnServiceBus } from '../../../local/service-bus/spawn-service-bus.ts';
import {
  ServiceBusJobQueue,
  serviceBusConnector,
  serviceBusJobLink,
} from '../../../shared/adapters/service-bus/service-bus-job-queue.ts';
import { systemTimer } from '../../../shared/adapters/system/system-timer.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';
import { type CuttableConnection, cuttableConnection } from '../relay/cuttable-connection.ts';

const QUEUES = [{ name: 'coa-hq', requiresSession: true, duplicateDetectionWindowMs: 600_000 }];
/** Both tries of a send, each with a new connection: a minute is what the SDK would take. */
const SOON_MS = 16_000;

let stack: AsyncDisposableStack;
let broker: SpawnedServiceBus;
let line: CuttableConnection;
let queue: ServiceBusJobQueue;
let startBroker: (port?: number) => Promise<SpawnedServiceBus>;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'job-queue-away-'));
  stack.defer(() => rmSync(dataFolder, { recursive: true, force: true }));
  startBroker = async (port = 0) => {
    const bus = await spawnServiceBus({ port, dataFolder, queues: QUEUES });
    stack.defer(() => bus.stop());
    return bus;
  };
  broker = await startBroker();
  line = await cuttableConnection(broker.port);
  stack.defer(() => line.close());
  const connectionString = broker.connectionString.replace(`:${broker.port};`, `:${line.port};`);
  const link = serviceBusJobLink(
    await serviceBusConnector({ kind: 'connection-string', connectionString }),
    systemTimer,
  );
  stack.defer(() => link.close());
  queue = new ServiceBusJobQueue(link, Date.now);
  return () => stack.disposeAsync();
});

function job(id: string): CoaJob {
  return {
    id,
    attempt: 1,
    site: 'hq',
    action: 'reauthenticate',
    session: {},
    nas: {},
    decidedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

async function soon(promise: Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await promise;
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
}

async function idsInQueue(): Promise<unknown[]> {
  const client = new ServiceBusClient(broker.connectionString);
  const messages = await client.createReceiver('coa-hq').peekMessages(10);
  await client.close();
  return messages.map(({ messageId }) => messageId);
}

test('killed and started again: the next send reaches the new one', async () => {
  await queue.send(job('before'));
  await broker.kill();
  await expect(queue.send(job('meanwhile'))).rejects.toMatchObject({ code: 'NAC_QUEUE_UNAVAILABLE' });
  broker = await startBroker(broker.port);
  await soon(queue.send(job('after')));
  expect(await idsInQueue()).toEqual(['before:1', 'after:1']);
});

test('a connection that is dead without a word: the same send goes over another one', async () => {
  await queue.send(job('before'));
  line.freeze();
  await soon(queue.send(job('after')));
  expect(await idsInQueue()).toEqual(['before:1', 'after:1']);
});

test('a connection that dies while its link is opening: the same send goes over another one', async () => {
  const swallowed = line.swallow();
  const sending = queue.send(job('first'));
  await swallowed;
  line.mend();
  await soon(sending);
  expect(await idsInQueue()).toEqual(['first:1']);
});

test('a queue that is missing is said to be so, and the others work on', async () => {
  await expect(queue.send({ ...job('nowhere'), site: 'branch' })).rejects.toMatchObject({ code: 'NAC_QUEUE_MISSING' });
  await queue.send(job('here'));
  await queue.takeDeadLetters('hq', async () => undefined);
  expect(await idsInQueue()).toEqual(['here:1']);
});
