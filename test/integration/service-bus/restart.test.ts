// What survives when the broker ends, by kill -9 or in order, and what a client sees of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SpawnedServiceBus, spawnServiceBus } from '../../../local/service-bus/spawn-service-bus.ts';
import { type QueueDefinition, startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { completeAll, expectNone, receiveOne } from './receiving.ts';

const QUEUES: readonly QueueDefinition[] = [
  { name: 'jobs', lockDurationMs: 30_000, maxDeliveryCount: 50 },
  { name: 'sessions', requiresSession: true },
  { name: 'deduplicated', duplicateDetectionWindowMs: 60_000 },
];

let dataFolder: string;
let running: SpawnedServiceBus[];
let clients: ServiceBusClient[];

beforeEach(() => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'service-bus-test-'));
  running = [];
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(running.map((bus) => bus.stop()));
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(port = 0): Promise<SpawnedServiceBus> {
  const bus = await spawnServiceBus({ dataFolder, port, queues: QUEUES });
  running.push(bus);
  return bus;
}

function connect({ connectionString }: { connectionString: string }, timeoutInMs = 2000): ServiceBusClient {
  const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs } });
  clients.push(client);
  return client;
}

describe('kill -9', () => {
  test('under load loses nothing accepted and brings back nothing settled', async () => {
    const accepted = new Set<string>();
    const settled = new Set<string>();
    const deadLettered = new Set<string>();
    /** Settlements under way when the broker died: either result is right. */
    const undecided = new Set<string>();
    const cameBack: string[] = [];
    let sent = 0;

    for (let round = 0; round < 4; round++) {
      const bus = await start();
      const client = connect(bus);
      const enough = Promise.withResolvers<void>();
      const goal = { accepted: accepted.size + 300, settled: settled.size + 150 };
      const checkGoal = () => {
        if (accepted.size >= goal.accepted && settled.size >= goal.settled) enough.resolve();
      };

      const send = async () => {
        const sender = client.createSender('jobs');
        for (;;) {
          const ids = Array.from({ length: 5 }, () => `message-${sent++}`);
          await sender.sendMessages(ids.map((messageId) => ({ body: messageId, messageId })));
          for (const id of ids) accepted.add(id);
          checkGoal();
        }
      };
      const settle = async () => {
        const receiver = client.createReceiver('jobs', { maxAutoLockRenewalDurationInMs: 0 });
        for (;;) {
          for (const message of await receiver.receiveMessages(1, { maxWaitTimeInMs: 1000 })) {
            const id = String(message.messageId);
            if (settled.has(id) || deadLettered.has(id)) cameBack.push(id);
            undecided.add(id);
            const isBad = id.endsWith('7');
            if (isBad) await receiver.deadLetterMessage(message);
            else await receiver.completeMessage(message);
            (isBad ? deadLettered : settled).add(id);
            undecided.delete(id);
            checkGoal();
          }
        }
      };
      // All of them end by the death of the broker.
      const work = Promise.allSettled([send(), send(), settle(), settle(), settle()]);
      await enough.promise;
      await bus.kill();
      await work;
      await client.close();
    }

    const client = connect(await start());
    const left = await drain(client);
    const dead = await drain(client, 'deadLetter');
    expect(cameBack).toEqual([]);
    expect([...left, ...dead].filter((id) => settled.has(id))).toEqual([]);
    expect([...deadLettered].filter((id) => !dead.has(id))).toEqual([]);
    const found = (id: string) => left.has(id) || dead.has(id) || settled.has(id) || undecided.has(id);
    expect([...accepted].filter((id) => !found(id))).toEqual([]);
    expect(accepted.size).toBeGreaterThan(1000);
  });

  test('counts an attempt of a locked message and keeps everything else there is', async () => {
    const first = await start();
    const before = connect(first);
    const sender = before.createSender('jobs');
    const due = new Date(Date.now() + 3000);
    await sender.sendMessages([{ body: 'locked' }, { body: 'waiting', applicationProperties: { kept: 'yes' } }]);
    const [scheduled] = await sender.scheduleMessages([{ body: 'scheduled' }], due);
    await receiveOne(before.createReceiver('jobs'));
    await before.createSender('sessions').sendMessages({ body: 'in a session', sessionId: 'A' });
    const session = await before.acceptSession('sessions', 'A');
    await session.setSessionState({ step: 1 });
    await before.createSender('deduplicated').sendMessages({ body: 1, messageId: 'once' });
    await first.kill();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const after = connect(await start());
    const receiver = after.createReceiver('jobs');
    const received = await completeAll(receiver, 3);
    expect(received.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      ['locked', 1],
      ['waiting', 0],
      ['scheduled', 0],
    ]);
    expect(received[1]?.applicationProperties).toEqual({ kept: 'yes' });
    expect(Date.now()).toBeGreaterThanOrEqual(due.getTime() - 20);

    const again = await after.acceptNextSession('sessions');
    expect(await again.getSessionState()).toEqual({ step: 1 });
    expect((await completeAll(again, 1))[0]?.body).toBe('in a session');

    const deduplicated = after.createReceiver('deduplicated');
    await after.createSender('deduplicated').sendMessages({ body: 2, messageId: 'once' });
    expect((await completeAll(deduplicated, 1))[0]?.body).toBe(1);
    await expectNone(deduplicated);

    await after.createSender('jobs').sendMessages({ body: 'new' });
    const [fresh] = await completeAll(receiver, 1);
    if (scheduled) expect(fresh?.sequenceNumber?.greaterThan(scheduled)).toBe(true);
  });
});

describe('a data folder', () => {
  test('belongs to one broker at a time, until that one is gone', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(/in use by another Service Bus broker/);
    await expect(startServiceBus({ dataFolder, queues: QUEUES })).rejects.toThrow(/in use by another/);
    await first.kill();
    const second = await startServiceBus({ dataFolder, queues: QUEUES });
    await expect(startServiceBus({ dataFolder, queues: QUEUES })).rejects.toThrow(/in use by another/);
    await second.close();
  });

  test('keeps its key to itself, and another folder has another', async () => {
    const keyOf = (connectionString: string) => /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1];
    const first = await startServiceBus({ dataFolder, queues: QUEUES });
    await first.close();
    const again = await startServiceBus({ dataFolder, queues: QUEUES });
    const other = await startServiceBus({ queues: QUEUES });
    await Promise.all([again.close(), other.close()]);
    expect(keyOf(again.connectionString)).toBe(keyOf(first.connectionString));
    expect(keyOf(other.connectionString)).not.toBe(keyOf(first.connectionString));
    expect(statSync(path.join(dataFolder, 'shared-access-key')).mode & 0o777).toBe(0o600);
  });
});

describe('closing', () => {
  test('answers every send it took', async () => {
    const bus = await startServiceBus({ dataFolder, queues: QUEUES });
    const sender = connect(bus).createSender('jobs');
    await sender.sendMessages({ body: 'first', messageId: 'first' });
    const sends = Array.from({ length: 200 }, async (_, index) => {
      await sender.sendMessages({ body: index, messageId: `${index}` });
      return `${index}`;
    });
    await sends[0];
    await bus.close();
    const results = await Promise.allSettled(sends);
    const accepted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));

    const again = await startServiceBus({ dataFolder, queues: QUEUES });
    const client = connect(again);
    const kept = await drain(client);
    await client.close();
    await again.close();
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
  });

  test('lets receivers come back by themselves to the next broker on the port', async () => {
    const first = await start();
    const client = new ServiceBusClient(first.connectionString, {
      retryOptions: { retryDelayInMs: 100, timeoutInMs: 2000 },
    });
    clients.push(client);
    const bodies: string[] = [];
    const arrivals = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    client.createReceiver('jobs').subscribe({
      async processMessage({ body }) {
        arrivals[bodies.push(body) - 1]?.resolve();
      },
      // Of the time without a broker.
      async processError() {},
    });
    await client.createSender('jobs').sendMessages({ body: 'before' });
    await arrivals[0]?.promise;
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start(first.port);
    await connect(second).createSender('jobs').sendMessages({ body: 'after' });
    await arrivals[1]?.promise;
    expect(bodies).toEqual(['before', 'after']);
  });

  test('does not wait for a connection that never says anything', async () => {
    const bus = await startServiceBus({ queues: QUEUES });
    const silent = createConnection({ port: bus.port, host: '127.0.0.1' });
    await once(silent, 'connect');
    // Whatever is sent first comes after the silent connection was noticed.
    await connect(bus).createSender('jobs').sendMessages({ body: 1 });
    const gone = once(silent, 'close');
    await bus.close();
    await gone;
  });

  test('leaves nothing behind that keeps the process alive', async () => {
    const script = `
      import { ServiceBusClient } from '@azure/service-bus';
      import { startServiceBus } from './local/service-bus/start-service-bus.ts';
      const bus = await startServiceBus({ queues: [{ name: 'jobs' }, { name: 'sessions', requiresSession: true }] });
      const client = new ServiceBusClient(bus.connectionString);
      await client.createSender('jobs').sendMessages({ body: 1, timeToLive: 1_000_000 });
      await client.createReceiver('jobs').receiveMessages(1);
      await client.acceptSession('sessions', 'A');
      await bus.close();
      await client.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: 20_000,
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});

test('a definition that makes no sense stops the start', async () => {
  const twice = spawnServiceBus({ queues: [{ name: 'a' }, { name: 'A' }] });
  await expect(twice).rejects.toThrow(/defined twice/);
  const wrong = spawnServiceBus({ queues: [{ name: 'a', lockDurationMs: -1 }] });
  await expect(wrong).rejects.toThrow(/lockDurationMs \(number\)/);
});

/** Completes everything; the ids. */
async function drain(client: ServiceBusClient, subQueueType?: 'deadLetter'): Promise<Set<string>> {
  const receiver = client.createReceiver('jobs', subQueueType ? { subQueueType } : {});
  const ids = new Set<string>();
  for (;;) {
    const messages = await receiver.receiveMessages(200, { maxWaitTimeInMs: 500 });
    if (messages.length === 0) return ids;
    for (const message of messages) ids.add(String(message.messageId));
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
  }
}
