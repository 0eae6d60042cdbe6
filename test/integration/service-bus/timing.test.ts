// Conformance: scheduled messages, time to live and duplicate detection.
import { randomUUID } from 'node:crypto';
import type { ServiceBusClient } from '@azure/service-bus';
import Long from 'long';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completeAll, empty, expectNone, receiveOne } from './receiving.ts';
import { openTarget, QUEUES, type ServiceBusTarget } from './service-bus-target.ts';

let target: ServiceBusTarget;
let client: ServiceBusClient;

beforeAll(async () => {
  target = await openTarget();
  client = target.client();
  for (const { name } of QUEUES.slice(3)) {
    await empty(client, name);
    await empty(client, name, 'deadLetter');
  }
});

afterAll(async () => {
  await client.close();
  await target.close();
});

test('scheduled messages appear when they are due, and not if they are cancelled', async () => {
  const sender = client.createSender('scheduled');
  const receiver = client.createReceiver('scheduled');
  const due = new Date(Date.now() + 1500);
  const [kept, cancelled] = await sender.scheduleMessages([{ body: 'kept' }, { body: 'cancelled' }], due);
  if (!kept || !cancelled) throw new Error('Two sequence numbers were expected.');
  await sender.sendMessages({ body: 'sent', scheduledEnqueueTimeUtc: due });
  expect(kept.lessThan(cancelled)).toBe(true);
  const peeked = await receiver.peekMessages(5, { fromSequenceNumber: Long.ZERO });
  expect(peeked.map(({ state }) => state)).toEqual(['scheduled', 'scheduled', 'scheduled']);

  await sender.cancelScheduledMessages(cancelled);
  await expect(sender.cancelScheduledMessages(cancelled)).rejects.toMatchObject({ code: 'MessageNotFound' });
  const received = await completeAll(receiver, 2);
  expect(Date.now()).toBeGreaterThanOrEqual(due.getTime() - 20);
  expect(received.map(({ body }) => body)).toEqual(['kept', 'sent']);
  expect(received.map(({ state }) => state)).toEqual(['active', 'active']);
  await expectNone(receiver);
  await expect(sender.cancelScheduledMessages(kept)).rejects.toMatchObject({ code: 'MessageNotFound' });
});

test('an expired message goes to the dead-letter queue where the queue says so', async () => {
  const sender = client.createSender('expiring');
  const receiver = client.createReceiver('expiring');
  const deadLetters = client.createReceiver('expiring', { subQueueType: 'deadLetter' });
  await sender.sendMessages([{ body: 'short', timeToLive: 500 }, { body: 'long' }]);
  const dead = await receiveOne(deadLetters, 8000);
  expect(dead).toMatchObject({ body: 'short', deadLetterReason: 'TTLExpiredException', timeToLive: 500 });
  await deadLetters.completeMessage(dead);
  expect((await completeAll(receiver, 1))[0]?.body).toBe('long');
});

test('a locked message does not expire under the hands of its receiver', async () => {
  const sender = client.createSender('expiring');
  const receiver = client.createReceiver('expiring');
  const deadLetters = client.createReceiver('expiring', { subQueueType: 'deadLetter' });
  await sender.sendMessages({ body: 'in work', timeToLive: 800 });
  const message = await receiveOne(receiver);
  await expectNone(deadLetters, 1200);
  await receiver.completeMessage(message);
  await expectNone(deadLetters);
});

test('an expired message is gone where the queue does not say so', async () => {
  const sender = client.createSender('vanishing');
  const receiver = client.createReceiver('vanishing');
  const deadLetters = client.createReceiver('vanishing', { subQueueType: 'deadLetter' });
  await sender.sendMessages({ body: 'gone', timeToLive: 60_000 });
  await expectNone(deadLetters, 1200);
  await expectNone(receiver);
});

test('a message id is taken once within the window, in batches too', async () => {
  const sender = client.createSender('deduplicated');
  const receiver = client.createReceiver('deduplicated');
  const messageId = randomUUID();
  await sender.sendMessages({ body: 'first', messageId });
  await sender.sendMessages({ body: 'again', messageId });
  await sender.sendMessages([
    { body: 'in a batch', messageId },
    { body: 'other', messageId: `${messageId}-other` },
  ]);
  expect((await completeAll(receiver, 2)).map(({ body }) => body)).toEqual(['first', 'other']);
  // Having been completed does not make it new.
  await sender.sendMessages({ body: 'once more', messageId });
  await expectNone(receiver);
});
