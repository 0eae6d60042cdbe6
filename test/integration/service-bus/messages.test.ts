// Conformance: what is sent arrives, in every form, whole and in order.
import { ServiceBusClient, type ServiceBusReceiver, type ServiceBusSender } from '@azure/service-bus';
import Long from 'long';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { completeAll, empty, expectNone, receiveOne } from './receiving.ts';
import { openTarget, type ServiceBusTarget } from './service-bus-target.ts';

const QUEUE = 'messages';
const MAX_MESSAGE_BYTES = 262_144;

let target: ServiceBusTarget;
let client: ServiceBusClient;
let sender: ServiceBusSender;
let receiver: ServiceBusReceiver;

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
  sender = client.createSender(QUEUE);
  receiver = client.createReceiver(QUEUE);
});

afterEach(async () => {
  await sender.close();
  await receiver.close();
});

describe('sending and receiving', () => {
  test('keeps every property of a message', async () => {
    const sent = {
      body: { list: [1, 'é'] },
      messageId: 'id-1',
      correlationId: 'correlation',
      subject: 'subject',
      to: 'to',
      replyTo: 'reply',
      replyToSessionId: 'reply-session',
      contentType: 'application/json',
      timeToLive: 60_000,
      applicationProperties: { one: 1, negative: -5, large: 2 ** 40, fraction: 1.5, text: 'x', yes: true },
    };
    await sender.sendMessages(sent);

    const message = await receiveOne(receiver);
    expect(message).toMatchObject(sent);
    expect(message.deliveryCount).toBe(0);
    expect(message.state).toBe('active');
    expect(message.lockToken).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(message.sequenceNumber?.greaterThan(0)).toBe(true);
    expect(Math.abs(Number(message.enqueuedTimeUtc) - Date.now())).toBeLessThan(5000);
    expect(Number(message.lockedUntilUtc)).toBeGreaterThan(Date.now());
    expect(Number(message.expiresAtUtc)).toBeGreaterThan(Date.now());
    await receiver.completeMessage(message);
    await expectNone(receiver);
  });

  test('keeps every kind of body', async () => {
    const long = 'x'.repeat(200_000);
    await sender.sendMessages({ body: Buffer.from([1, 2, 255]) });
    for (const body of ['text', 42, null, { nested: { deep: [true] } }, long]) await sender.sendMessages({ body });
    await sender.sendMessages({ body: { value: 1 }, bodyType: 'value' });
    await sender.sendMessages({ body: [1, 'b'], bodyType: 'sequence' });

    const [binary, ...others] = (await completeAll(receiver, 8)).map(({ body }) => body);
    expect([...binary]).toEqual([1, 2, 255]);
    expect(others).toEqual(['text', 42, null, { nested: { deep: [true] } }, long, { value: 1 }, [1, 'b']]);
  });

  test('names a message whose sender did not', async () => {
    await sender.sendMessages({ body: 'nameless', applicationProperties: { kept: 'yes' }, subject: 'also kept' });
    const message = await receiveOne(receiver);
    expect(message.messageId).toEqual(expect.stringMatching(/./));
    expect(message).toMatchObject({ applicationProperties: { kept: 'yes' }, subject: 'also kept' });
    await receiver.completeMessage(message);
  });

  test('takes lists and batches up to the largest size, in order', async () => {
    const listed = Array.from({ length: 50 }, (_, index) => ({ body: index, messageId: `listed-${index}` }));
    await sender.sendMessages(listed);
    const batch = await sender.createMessageBatch();
    expect(batch.maxSizeInBytes).toBe(MAX_MESSAGE_BYTES);
    while (batch.tryAddMessage({ body: 'y'.repeat(10_000), messageId: `batched-${batch.count}` }));
    expect(batch.count).toBeGreaterThan(20);
    await sender.sendMessages(batch);

    const received = await completeAll(receiver, listed.length + batch.count);
    expect(received.map(({ messageId }) => messageId)).toEqual([
      ...listed.map(({ messageId }) => messageId),
      ...Array.from({ length: batch.count }, (_, index) => `batched-${index}`),
    ]);
  });

  test('delivers each message to one of several receivers', async () => {
    const COUNT = 300;
    await sender.sendMessages(Array.from({ length: COUNT }, (_, body) => ({ body })));
    const receivers = Array.from({ length: 4 }, () => client.createReceiver(QUEUE));
    const bodies: number[] = [];
    const { promise: all, resolve } = Promise.withResolvers<void>();
    for (const each of receivers) {
      each.subscribe(
        {
          async processMessage({ body }) {
            if (bodies.push(body) === COUNT) resolve();
          },
          async processError({ error }) {
            throw error;
          },
        },
        { maxConcurrentCalls: 10 },
      );
    }
    await all;
    // Closing waits for the handlers, so also for their completions.
    await Promise.all(receivers.map((each) => each.close()));
    expect(bodies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, body) => body));
    await expectNone(receiver);
  });

  test('goes on after far more deliveries than one link has room for', async () => {
    const COUNT = 9000;
    for (let sent = 0; sent < COUNT; sent += 1000) {
      await sender.sendMessages(Array.from({ length: 1000 }, (_, index) => ({ body: sent + index })));
    }
    const received = await completeAll(receiver, COUNT);
    expect(received.map(({ body }) => body)).toEqual(Array.from({ length: COUNT }, (_, index) => index));
  });
});

describe('waiting', () => {
  test('gives an empty list when nothing came in time, and the receiver goes on', async () => {
    for (let round = 0; round < 3; round++) await expectNone(receiver, 200);
    for (let round = 0; round < 20; round++) {
      await sender.sendMessages({ body: round });
      // With credit for more, the SDK waits a second for others, so that is done less often.
      const wanted = round % 8 === 0 ? 5 : 1;
      const [message, ...others] = await receiver.receiveMessages(wanted, { maxWaitTimeInMs: 3000 });
      expect(others).toEqual([]);
      expect(message?.body).toBe(round);
      if (message) await receiver.completeMessage(message);
    }
  });

  test('hands a message over at once to a receiver that waits', async () => {
    const waiting = receiveOne(receiver, 8000);
    await sender.sendMessages({ body: 'at last' });
    const message = await waiting;
    expect(message.body).toBe('at last');
    await receiver.completeMessage(message);
  });
});

describe('peeking', () => {
  test('goes through the queue in order without locking, locked messages too', async () => {
    await sender.sendMessages(Array.from({ length: 7 }, (_, body) => ({ body })));
    const locked = await receiveOne(receiver);
    const first = await receiver.peekMessages(3, { fromSequenceNumber: Long.ZERO });
    const rest = await receiver.peekMessages(10);
    expect([...first, ...rest].map(({ body }) => body)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(first[1]?.lockToken).toBeUndefined();
    expect(await receiver.peekMessages(3)).toEqual([]);
    await receiver.completeMessage(locked);
    await completeAll(receiver, 6);
  });
});

describe('refusing', () => {
  test('a queue that does not exist', async () => {
    const missing = { code: 'MessagingEntityNotFound' };
    const toNowhere = client.createSender('no-such-queue');
    await expect(toNowhere.sendMessages({ body: 1 })).rejects.toMatchObject(missing);
    await toNowhere.close();
    const fromNowhere = client.createReceiver('no-such-queue');
    await expect(fromNowhere.receiveMessages(1)).rejects.toMatchObject(missing);
    await fromNowhere.close();
  });

  test('a wrong key', async () => {
    if (!target.checksKeys) return;
    const otherKey = Buffer.alloc(32, 7).toString('base64');
    const connectionString = target.connectionString.replace(/SharedAccessKey=[^;]+/, `SharedAccessKey=${otherKey}`);
    const intruder = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0 } });
    const denied = { code: 'UnauthorizedAccess' };
    await expect(intruder.createSender(QUEUE).sendMessages({ body: 1 })).rejects.toMatchObject(denied);
    await expect(intruder.createReceiver(QUEUE).receiveMessages(1)).rejects.toMatchObject(denied);
    await intruder.close();
  });

  test('a message that is too large, and the link goes on', async () => {
    const tooLarge = sender.sendMessages({ body: 'x'.repeat(MAX_MESSAGE_BYTES + 1) });
    await expect(tooLarge).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
    await sender.sendMessages({ body: 'small' });
    expect((await completeAll(receiver, 1))[0]?.body).toBe('small');
  });

  test('a session of a queue without sessions', async () => {
    await expect(client.acceptSession(QUEUE, 'any')).rejects.toThrow(/session/i);
  });
});
