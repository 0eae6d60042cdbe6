// Conformance: locks, and the ways a delivery can end.
import type { ServiceBusClient, ServiceBusReceiver, ServiceBusSender } from '@azure/service-bus';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { completeAll, empty, expectNone, receiveOne } from './receiving.ts';
import { LOCK_MS, MAX_DELIVERIES, openTarget, type ServiceBusTarget } from './service-bus-target.ts';

const QUEUE = 'settlement';

let target: ServiceBusTarget;
let client: ServiceBusClient;
let sender: ServiceBusSender;
let receiver: ServiceBusReceiver;
let other: ServiceBusReceiver;
let deadLetters: ServiceBusReceiver;

beforeAll(async () => {
  target = await openTarget();
  client = target.client();
});

afterAll(async () => {
  await client.close();
  await target.close();
});

beforeEach(async () => {
  await empty(client, QUEUE);
  await empty(client, QUEUE, 'deadLetter');
  sender = client.createSender(QUEUE);
  receiver = client.createReceiver(QUEUE, { maxAutoLockRenewalDurationInMs: 0 });
  other = client.createReceiver(QUEUE, { maxAutoLockRenewalDurationInMs: 0 });
  deadLetters = client.createReceiver(QUEUE, { subQueueType: 'deadLetter' });
});

afterEach(async () => {
  for (const link of [sender, receiver, other, deadLetters]) await link.close();
});

describe('abandoning', () => {
  test('delivers again with a higher count and the changed properties, until the dead-letter queue', async () => {
    await sender.sendMessages({ body: 'poison', applicationProperties: { keep: 1, change: 'old' } });
    for (let attempt = 0; attempt < MAX_DELIVERIES; attempt++) {
      const message = await receiveOne(receiver);
      expect(message.deliveryCount).toBe(attempt);
      if (attempt > 0) {
        const changed = { keep: 1, change: `by ${attempt - 1}`, added: attempt - 1 };
        expect(message.applicationProperties).toEqual(changed);
      }
      await receiver.abandonMessage(message, { change: `by ${attempt}`, added: attempt });
    }
    await expectNone(receiver);

    const dead = await receiveOne(deadLetters);
    expect(dead).toMatchObject({ body: 'poison', deadLetterReason: 'MaxDeliveryCountExceeded' });
    expect(dead.deadLetterErrorDescription).toMatch(`${MAX_DELIVERIES} delivery attempts`);
    await deadLetters.completeMessage(dead);
    await expectNone(deadLetters);
  });
});

describe('dead-lettering', () => {
  test('keeps the message and tells reason, description and properties', async () => {
    await sender.sendMessages({ body: 'bad', messageId: 'dead-1', applicationProperties: { kept: 'yes' } });
    const message = await receiveOne(receiver);
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'because',
      extra: 'more',
    });
    await expectNone(receiver);

    const dead = await receiveOne(deadLetters);
    expect(dead).toMatchObject({
      body: 'bad',
      messageId: 'dead-1',
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'because',
      applicationProperties: { kept: 'yes', extra: 'more' },
    });
    await deadLetters.completeMessage(dead);
  });

  test('works without any reason, and abandoning a dead letter only brings it again', async () => {
    await sender.sendMessages({ body: 'bad' });
    await receiver.deadLetterMessage(await receiveOne(receiver));
    for (let attempt = 0; attempt < MAX_DELIVERIES + 1; attempt++) {
      await deadLetters.abandonMessage(await receiveOne(deadLetters));
    }
    const dead = await receiveOne(deadLetters);
    expect(dead.deadLetterReason).toBeUndefined();
    await deadLetters.completeMessage(dead);
  });
});

test('neighbouring deliveries end in different ways', async () => {
  await sender.sendMessages(['complete', 'first', 'second', 'abandon'].map((body) => ({ body })));
  const messages = await receiver.receiveMessages(4, { maxWaitTimeInMs: 3000 });
  expect(messages.map(({ body }) => body)).toEqual(['complete', 'first', 'second', 'abandon']);
  // One by one: the rhea inside the SDK gives neighbours settled in the same turn the first one's outcome.
  for (const message of messages) {
    if (message.body === 'complete') await receiver.completeMessage(message);
    else if (message.body === 'abandon') await receiver.abandonMessage(message);
    else {
      const { body } = message;
      await receiver.deadLetterMessage(message, { deadLetterReason: body, deadLetterErrorDescription: 'one by one' });
    }
  }
  expect((await completeAll(deadLetters, 2)).map((dead) => dead.deadLetterReason)).toEqual(['first', 'second']);
  const [again] = await completeAll(receiver, 1);
  expect(again).toMatchObject({ body: 'abandon', deliveryCount: 1 });
  await expectNone(receiver);
});

describe('locks', () => {
  test('run out: the message comes again, and settling late fails', async () => {
    await sender.sendMessages({ body: 'slow' });
    const message = await receiveOne(receiver);
    await expectNone(other, LOCK_MS / 2);
    const again = await receiveOne(other, LOCK_MS * 3);
    expect(again.deliveryCount).toBe(1);
    expect(again.lockToken).not.toBe(message.lockToken);
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await other.completeMessage(again);
    await expectNone(receiver);
  });

  test('that are lost do not change the fate of a neighbour settled in the same turn', async () => {
    await sender.sendMessages([{ body: 'lost' }, { body: 'kept' }]);
    const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 3000 });
    const [lost, kept] = messages;
    if (!lost || !kept) throw new Error('Both messages were expected at once.');
    await receiver.renewMessageLock(kept);
    const renewing = renewUntil(kept.lockedUntilUtc, async () => void (await receiver.renewMessageLock(kept)));
    const again = await receiveOne(other, LOCK_MS * 3);
    await renewing;
    expect(again.body).toBe('lost');

    const [first, second] = await Promise.allSettled([receiver.completeMessage(lost), receiver.completeMessage(kept)]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'MessageLockLost' } });
    expect(second.status).toBe('fulfilled');
    await other.completeMessage(again);
  });

  test('are renewed', async () => {
    await sender.sendMessages({ body: 'slow' });
    const message = await receiveOne(receiver);
    const firstLock = Number(message.lockedUntilUtc);
    const elsewhere = expectNone(other, LOCK_MS * 2);
    await renewUntil(new Date(firstLock + LOCK_MS / 2), async () => {
      expect(Number(await receiver.renewMessageLock(message))).toBeGreaterThan(Date.now() + LOCK_MS * 0.8);
    });
    await elsewhere;
    await receiver.completeMessage(message);
    await expectNone(receiver);
    await expect(receiver.renewMessageLock(message)).rejects.toThrow();
  });

  test('are renewed by the SDK while a handler works', async () => {
    const renewed = client.createReceiver(QUEUE, { maxAutoLockRenewalDurationInMs: 60_000 });
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const errors: string[] = [];
    let runs = 0;
    renewed.subscribe({
      async processMessage() {
        runs++;
        started.resolve();
        await finish.promise;
      },
      async processError({ error }) {
        errors.push(error.message);
      },
    });
    await sender.sendMessages({ body: 'slow' });
    await started.promise;
    await expectNone(other, LOCK_MS * 1.5);
    finish.resolve();
    await renewed.close();
    expect({ runs, errors }).toEqual({ runs: 1, errors: [] });
    await expectNone(other);
  });

  test('stay when their receiver is closed, and end then', async () => {
    const closing = client.createReceiver(QUEUE);
    await sender.sendMessages({ body: 'held' });
    await receiveOne(closing);
    await closing.close();
    await expectNone(receiver, LOCK_MS / 2);
    const again = await receiveOne(receiver, LOCK_MS * 3);
    expect(again.deliveryCount).toBe(1);
    await receiver.completeMessage(again);
  });
});

test('a handler that throws gets the message again; one that returns completes it', async () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const done = Promise.withResolvers<void>();
  receiver.subscribe({
    async processMessage({ body, deliveryCount }) {
      seen.push(`${body}/${deliveryCount}`);
      if (body === 'bad' && deliveryCount === 0) throw new Error('not yet');
      if (seen.length === 3) done.resolve();
    },
    async processError({ error }) {
      errors.push(error.message);
    },
  });
  await sender.sendMessages([{ body: 'bad' }, { body: 'good' }]);
  await done.promise;
  await receiver.close();
  expect(seen.toSorted()).toEqual(['bad/0', 'bad/1', 'good/0']);
  expect(errors).toEqual(['not yet']);
  await expectNone(other);
});

/** Renews over and over, four times per lock, until that time. */
async function renewUntil(time: Date | undefined, renew: () => Promise<void>): Promise<void> {
  while (Date.now() < Number(time)) {
    await renew();
    await new Promise((resolve) => setTimeout(resolve, LOCK_MS / 4));
  }
}
