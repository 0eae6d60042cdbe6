// One contract, two backends: the client in memory behaves as the SDK's client of the local broker does, as far as app
// and relay rely on it.

import type { ServiceBusClient, ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { serviceBusConnector } from '../../../shared/adapters/service-bus/service-bus-job-queue.ts';
import { systemTimer } from '../../../shared/adapters/system/system-timer.ts';
import { MemoryServiceBus } from '../services/memory-service-bus.ts';
import { INSTANT } from '../services/wire.ts';

/** The SDK collects messages for a second after the first one: a shorter lock would be over by then. */
const LOCK_MS = 2000;
const LOCK = { lockDurationMs: LOCK_MS, maxDeliveryCount: 2 };
const QUEUES = [
  ...['plain', 'unlocked', 'given-up', 'settled-late', 'pushed'].map((name) => ({ name, ...LOCK })),
  ...['one-holder', 'in-order', 'lapsed', 'given-back', 'kept'].map((name) => ({
    name,
    ...LOCK,
    requiresSession: true,
  })),
  { name: 'deduplicated', ...LOCK, duplicateDetectionWindowMs: 20_000 },
  { name: 'expiring', ...LOCK, deadLetterOnExpiry: true },
];

interface Backend {
  readonly connect: () => ServiceBusClient;
  readonly close: () => Promise<void>;
}

const BACKENDS: Record<string, () => Promise<Backend>> = {
  async 'in memory'() {
    const bus = new MemoryServiceBus(QUEUES, { now: Date.now, after: systemTimer.after });
    return { connect: () => bus.connect(INSTANT), close: async () => undefined };
  },
  async 'of the local broker'() {
    const broker = await startServiceBus({ queues: QUEUES });
    const { connectionString } = broker;
    const connect = await serviceBusConnector({ kind: 'connection-string', connectionString });
    return { connect, close: () => broker.close() };
  },
};

describe.each(Object.keys(BACKENDS))('a queue %s', (name) => {
  let backend: Backend;
  let client: ServiceBusClient;

  beforeAll(async () => {
    backend = await (BACKENDS[name] as () => Promise<Backend>)();
    client = backend.connect();
  });
  afterAll(async () => {
    await client.close();
    await backend.close();
  });

  const send = async (queue: string, ...messages: { body: unknown; [more: string]: unknown }[]): Promise<void> => {
    const sender = client.createSender(queue);
    for (const message of messages) await sender.sendMessages(message);
    await sender.close();
  };

  const receive = async (queue: string, options: { subQueueType?: 'deadLetter' } = {}) => {
    // The SDK would renew the lock by itself.
    const receiver = client.createReceiver(queue, { ...options, maxAutoLockRenewalDurationInMs: 0 });
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 4 * LOCK_MS });
    if (message === undefined) throw new Error(`nothing came from ${queue}`);
    return { receiver, message };
  };

  test('gives what was sent, and no more once it is completed', async () => {
    await send('plain', { body: { a: [1, 'ä'] }, messageId: 'm', contentType: 'application/json' });
    const { receiver, message } = await receive('plain');
    expect(message).toMatchObject({ body: { a: [1, 'ä'] }, messageId: 'm', contentType: 'application/json' });
    expect(message.deliveryCount).toBe(0);
    await receiver.completeMessage(message);
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 100 })).toEqual([]);
    await receiver.close();
  });

  test('gives a message again when its lock is over, and refuses the late settlement', async () => {
    await send('settled-late', { body: 1 });
    const { receiver, message } = await receive('settled-late');
    const second = await receive('settled-late');
    expect(second.message.deliveryCount).toBe(1);
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await second.receiver.completeMessage(second.message);
    await Promise.all([receiver.close(), second.receiver.close()]);
  });

  test('gives a message again at once when it is abandoned, and gives it up after so many times', async () => {
    await send('given-up', { body: 'poison', messageId: 'p' });
    for (const count of [0, 1]) {
      const { receiver, message } = await receive('given-up');
      expect(message.deliveryCount).toBe(count);
      await receiver.abandonMessage(message);
      await receiver.close();
    }
    const dead = await receive('given-up', { subQueueType: 'deadLetter' });
    expect(dead.message).toMatchObject({ body: 'poison', deadLetterReason: 'MaxDeliveryCountExceeded' });
    await dead.receiver.completeMessage(dead.message);
    await dead.receiver.close();
  });

  test('keeps the reason of a dead letter', async () => {
    await send('unlocked', { body: 'odd' });
    const { receiver, message } = await receive('unlocked');
    await receiver.deadLetterMessage(message, { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
    const dead = await receive('unlocked', { subQueueType: 'deadLetter' });
    expect(dead.message).toMatchObject({ body: 'odd', deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
    await dead.receiver.completeMessage(dead.message);
    await Promise.all([receiver.close(), dead.receiver.close()]);
  });

  test('drops a message whose id was sent a while ago', async () => {
    const sender = client.createSender('deduplicated');
    await sender.sendMessages({ body: 1, messageId: 'same' });
    await sender.sendMessages({ body: 2, messageId: 'same' });
    const batch = await sender.createMessageBatch();
    expect(['same', 'other'].map((messageId) => batch.tryAddMessage({ body: messageId, messageId }))).toEqual([
      true,
      true,
    ]);
    await sender.sendMessages(batch);
    const receiver = client.createReceiver('deduplicated');
    const bodies: unknown[] = [];
    while (bodies.length < 2) {
      const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 1000 });
      if (message === undefined) break;
      bodies.push(message.body);
      await receiver.completeMessage(message);
    }
    expect(bodies).toEqual([1, 'other']);
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 100 })).toEqual([]);
    await Promise.all([sender.close(), receiver.close()]);
  });

  test('puts what has expired among the dead letters', async () => {
    await send('expiring', { body: 'old', timeToLive: 50 });
    const dead = await receive('expiring', { subQueueType: 'deadLetter' });
    expect(dead.message).toMatchObject({ body: 'old', deadLetterReason: 'TTLExpiredException' });
    await dead.receiver.completeMessage(dead.message);
    await dead.receiver.close();
  });

  test('hands messages to a subscriber as they come', async () => {
    const receiver = client.createReceiver('pushed');
    const come = Promise.withResolvers<unknown[]>();
    const bodies: unknown[] = [];
    const subscription = receiver.subscribe({
      async processMessage({ body }) {
        bodies.push(body);
        if (bodies.length === 3) come.resolve(bodies);
      },
      processError: async ({ error }) => come.reject(error),
    });
    await send('pushed', { body: 1 }, { body: 2 }, { body: 3 });
    expect(await come.promise).toEqual([1, 2, 3]);
    await subscription.close();
    await receiver.close();
  });

  test('a session has one holder, and nothing is sent without one', async () => {
    const first = await client.acceptSession('one-holder', 's', { maxAutoLockRenewalDurationInMs: 0 });
    expect(first.sessionId).toBe('s');
    expect(first.sessionLockedUntilUtc.getTime()).toBeGreaterThan(Date.now());
    const again = client.acceptSession('one-holder', 's', { maxAutoLockRenewalDurationInMs: 0 });
    await expect(again).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
    await first.close();
    const second = await client.acceptSession('one-holder', 's', { maxAutoLockRenewalDurationInMs: 0 });
    await second.close();
    await expect(send('one-holder', { body: 1 })).rejects.toThrow();
  });

  test('a session keeps its order and its messages to itself', async () => {
    await send('in-order', ...[1, 2, 3].map((body) => ({ body, sessionId: 'mine' })), { body: 9, sessionId: 'other' });
    const session = await client.acceptSession('in-order', 'mine', { maxAutoLockRenewalDurationInMs: 0 });
    const received: ServiceBusReceivedMessage[] = [];
    while (received.length < 3) {
      const messages = await session.receiveMessages(3 - received.length, { maxWaitTimeInMs: 1000 });
      received.push(...messages);
    }
    expect(received.map(({ body }) => body)).toEqual([1, 2, 3]);
    for (const message of received) await session.completeMessage(message);
    expect(await session.receiveMessages(1, { maxWaitTimeInMs: 100 })).toEqual([]);
    await session.close();
  });

  test('what was not settled when a session is given back comes again, uncounted', async () => {
    await send('given-back', { body: 1, sessionId: 's' });
    const first = await client.acceptSession('given-back', 's', { maxAutoLockRenewalDurationInMs: 0 });
    await first.receiveMessages(1, { maxWaitTimeInMs: 1000 });
    await first.close();
    const second = await client.acceptSession('given-back', 's', { maxAutoLockRenewalDurationInMs: 0 });
    const [message] = await second.receiveMessages(1, { maxWaitTimeInMs: 1000 });
    expect(message).toMatchObject({ body: 1, deliveryCount: 0 });
    if (message) await second.completeMessage(message);
    await second.close();
  });

  test('a session whose lock is not renewed is lost, and its holder hears of it', async () => {
    await send('lapsed', { body: 1, sessionId: 's' });
    const session = await client.acceptSession('lapsed', 's', { maxAutoLockRenewalDurationInMs: 0 });
    const lost = Promise.withResolvers<unknown>();
    const messages: ServiceBusReceivedMessage[] = [];
    session.subscribe(
      {
        processMessage: async (message) => void messages.push(message),
        processError: async ({ error }) => lost.resolve(error),
      },
      { autoCompleteMessages: false, maxConcurrentCalls: 5 },
    );
    expect(await lost.promise).toMatchObject({ code: 'SessionLockLost' });
    expect(session.isClosed).toBe(true);
    expect(messages).toHaveLength(1);
    const next = await client.acceptSession('lapsed', 's', { maxAutoLockRenewalDurationInMs: 0 });
    const [again] = await next.receiveMessages(1, { maxWaitTimeInMs: 1000 });
    expect(again?.body).toBe(1);
    if (again) await next.completeMessage(again);
    await next.close();
  });

  test('a lock that is renewed holds', async () => {
    const session = await client.acceptSession('kept', 's', { maxAutoLockRenewalDurationInMs: 0 });
    const before = session.sessionLockedUntilUtc.getTime();
    const passed = Promise.withResolvers<void>();
    systemTimer.after(LOCK_MS / 2, passed.resolve);
    await passed.promise;
    expect((await session.renewSessionLock()).getTime()).toBeGreaterThan(before);
    await session.close();
  });

  test('a queue that is missing is named', async () => {
    const sender = client.createSender('missing');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
    const receiver = client.createReceiver('missing');
    await expect(receiver.peekMessages(1)).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
    const accepting = client.acceptSession('missing', 's', { maxAutoLockRenewalDurationInMs: 0 });
    await expect(accepting).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
    await Promise.allSettled([sender.close(), receiver.close()]);
  });
});
