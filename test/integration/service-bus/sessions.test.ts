// Conformance: message sessions.
import { randomUUID } from 'node:crypto';
import type { ServiceBusClient, ServiceBusSender } from '@azure/service-bus';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { completeAll, empty, errorOf, receiveOne } from './receiving.ts';
import { LOCK_MS, openTarget, type ServiceBusTarget } from './service-bus-target.ts';

const QUEUE = 'sessions';

let target: ServiceBusTarget;
let client: ServiceBusClient;
let sender: ServiceBusSender;
let sessionId: string;

beforeAll(async () => {
  target = await openTarget();
  client = target.client();
  await emptySessions();
});

afterAll(async () => {
  await client.close();
  await target.close();
});

beforeEach(() => {
  sender = client.createSender(QUEUE);
  sessionId = randomUUID();
});

afterEach(() => sender.close());

test('a session is accepted by id, by one receiver at a time, and keeps its order', async () => {
  await sender.sendMessages([1, 2, 3].map((body) => ({ body, sessionId })));
  await sender.sendMessages({ body: 'of another', sessionId: `${sessionId}-other` });
  const session = await client.acceptSession(QUEUE, sessionId);
  expect(session.sessionId).toBe(sessionId);
  expect(Number(session.sessionLockedUntilUtc)).toBeGreaterThan(Date.now());
  await expect(client.acceptSession(QUEUE, sessionId)).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });

  expect((await session.peekMessages(5)).map(({ body }) => body)).toEqual([1, 2, 3]);
  const received = await completeAll(session, 3);
  expect(received.map((message) => [message.body, message.sessionId])).toEqual([1, 2, 3].map((n) => [n, sessionId]));
  await session.close();

  const other = await client.acceptSession(QUEUE, `${sessionId}-other`);
  await completeAll(other, 1);
  await other.close();
});

test('an empty session can be accepted and receives what comes', async () => {
  const session = await client.acceptSession(QUEUE, sessionId);
  const waiting = receiveOne(session);
  await sender.sendMessages({ body: 'now', sessionId });
  const message = await waiting;
  expect(message.body).toBe('now');
  await session.completeMessage(message);
  await session.close();
});

test('closing gives the session and its unsettled messages back, uncounted; the state stays', async () => {
  await sender.sendMessages([1, 2].map((body) => ({ body, sessionId })));
  const session = await client.acceptSession(QUEUE, sessionId);
  expect(await session.getSessionState()).toBeNull();
  await session.setSessionState({ step: 1 });
  expect(await session.getSessionState()).toEqual({ step: 1 });
  await receiveOne(session);
  await session.close();

  const again = await client.acceptSession(QUEUE, sessionId);
  expect(await again.getSessionState()).toEqual({ step: 1 });
  const received = await completeAll(again, 2);
  expect(received.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
    [1, 0],
    [2, 0],
  ]);
  await again.setSessionState(null);
  expect(await again.getSessionState()).toBeNull();
  await again.close();
});

test('the next session is a free one with messages', async () => {
  const busy = await client.acceptSession(QUEUE, sessionId);
  await sender.sendMessages({ body: 'in the locked one', sessionId });
  await sender.sendMessages({ body: 'in the free one', sessionId: `${sessionId}-free` });
  const free = await client.acceptNextSession(QUEUE);
  expect(free.sessionId).toBe(`${sessionId}-free`);
  await completeAll(free, 1);
  await completeAll(busy, 1);
  await free.close();
  await busy.close();
});

test('the next session is waited for, in vain too', async () => {
  const impatient = target.client(1500);
  await expect(impatient.acceptNextSession(QUEUE)).rejects.toMatchObject({ code: 'ServiceTimeout' });
  await impatient.close();

  const waiting = client.acceptNextSession(QUEUE);
  await sender.sendMessages({ body: 1, sessionId });
  const session = await waiting;
  expect(session.sessionId).toBe(sessionId);
  await completeAll(session, 1);
  await session.close();
});

test('a session lock that runs out ends the receiver and counts as an attempt', async () => {
  await sender.sendMessages({ body: 'late', sessionId });
  const session = await client.acceptSession(QUEUE, sessionId, { maxAutoLockRenewalDurationInMs: 0 });
  const message = await receiveOne(session);
  const next = await client.acceptNextSession(QUEUE);
  expect(next.sessionId).toBe(sessionId);
  expect(Date.now()).toBeGreaterThanOrEqual(Number(message.lockedUntilUtc) - 100);
  await expect(session.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
  await expect(session.setSessionState('x')).rejects.toThrow(/session/i);
  const [again] = await completeAll(next, 1);
  expect(again).toMatchObject({ body: 'late', deliveryCount: 1 });
  await next.close();
  await session.close();
});

test('a renewed session lock lasts longer', async () => {
  const session = await client.acceptSession(QUEUE, sessionId, { maxAutoLockRenewalDurationInMs: 0 });
  const firstLock = Number(session.sessionLockedUntilUtc);
  await sender.sendMessages({ body: 'kept', sessionId });
  const message = await receiveOne(session);
  let renewed = firstLock;
  while (Date.now() < firstLock + LOCK_MS / 4) {
    renewed = Number(await session.renewSessionLock());
    await new Promise((resolve) => setTimeout(resolve, LOCK_MS / 4));
  }
  expect(renewed).toBeGreaterThan(firstLock);
  await session.completeMessage(message);
  await session.close();
});

test('abandoning and dead-lettering work within a session', async () => {
  await sender.sendMessages([1, 2].map((body) => ({ body, sessionId })));
  const session = await client.acceptSession(QUEUE, sessionId);
  await session.abandonMessage(await receiveOne(session));
  const again = await receiveOne(session);
  expect(again).toMatchObject({ body: 1, deliveryCount: 1 });
  await session.deadLetterMessage(again, { deadLetterReason: 'enough', deadLetterErrorDescription: 'tried twice' });
  await completeAll(session, 1);
  await session.close();

  const deadLetters = client.createReceiver(QUEUE, { subQueueType: 'deadLetter' });
  const dead = await receiveOne(deadLetters);
  expect(dead).toMatchObject({ body: 1, sessionId, deadLetterReason: 'enough' });
  await deadLetters.completeMessage(dead);
  await deadLetters.close();
});

test('a subscription to a session gets its messages one after the other', async () => {
  const session = await client.acceptSession(QUEUE, sessionId);
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  session.subscribe(
    {
      async processMessage(message) {
        seen.push(`begin ${message.body}`);
        await session.completeMessage(message);
        seen.push(`end ${message.body}`);
        if (seen.length === 4) done.resolve();
      },
      async processError(args) {
        done.reject(new Error(errorOf(args)));
      },
    },
    { autoCompleteMessages: false },
  );
  await sender.sendMessages([1, 2].map((body) => ({ body, sessionId })));
  await done.promise;
  expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  await session.close();
});

test('messages without a session id and receivers without a session are refused', async () => {
  await expect(sender.sendMessages({ body: 1 })).rejects.toThrow(/SessionId/i);
  await expect(sender.sendMessages([{ body: 1, sessionId }, { body: 2 }])).rejects.toThrow();
  // Refused in the same turn, each for its own reason.
  const [tooLarge, nameless] = await Promise.allSettled([
    sender.sendMessages({ body: 'x'.repeat(262_145), sessionId }),
    sender.sendMessages({ body: 1 }),
  ]);
  expect(tooLarge).toMatchObject({ reason: { code: 'MessageSizeExceeded' } });
  expect(nameless).toMatchObject({ reason: { message: expect.stringContaining('SessionId') } });

  const plain = client.createReceiver(QUEUE);
  await expect(plain.receiveMessages(1)).rejects.toThrow(/session/i);
  await plain.close();
});

/** Removes what an interrupted run left behind. */
async function emptySessions(): Promise<void> {
  await empty(client, QUEUE, 'deadLetter');
  const impatient = target.client(1500);
  for (;;) {
    const session = await impatient.acceptNextSession(QUEUE).catch(() => undefined);
    if (!session) break;
    await completeAll(session, (await session.peekMessages(200)).length);
    await session.setSessionState(null);
    await session.close();
  }
  await impatient.close();
}
