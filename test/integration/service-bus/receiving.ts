// Receiving in tests: exactly one message, none, all of several, or everything that is left.
import type {
  ProcessErrorArgs,
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
  ServiceBusSessionReceiver,
} from '@azure/service-bus';
import { expect } from 'vitest';

type AnyReceiver = ServiceBusReceiver | ServiceBusSessionReceiver;

export async function receiveOne(receiver: AnyReceiver, maxWaitTimeInMs = 5000): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs });
  if (!message) throw new Error(`No message came within ${maxWaitTimeInMs} ms.`);
  return message;
}

export async function expectNone(receiver: AnyReceiver, maxWaitTimeInMs = 300): Promise<void> {
  const messages = await receiver.receiveMessages(1, { maxWaitTimeInMs });
  expect(messages.map(({ body }) => body)).toEqual([]);
}

/** Receives and completes that many, in the order they come. */
export async function completeAll(receiver: AnyReceiver, count: number): Promise<ServiceBusReceivedMessage[]> {
  const all: ServiceBusReceivedMessage[] = [];
  while (all.length < count) {
    const messages = await receiver.receiveMessages(Math.min(count - all.length, 200), { maxWaitTimeInMs: 5000 });
    if (messages.length === 0) throw new Error(`Only ${all.length} of ${count} messages came.`);
    // All of one kind, so settling them together is safe.
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    all.push(...messages);
  }
  return all;
}

/** Removes what an interrupted run left behind. */
export async function empty(client: ServiceBusClient, queue: string, subQueueType?: 'deadLetter'): Promise<void> {
  const receiver = client.createReceiver(queue, subQueueType ? { subQueueType } : {});
  for (;;) {
    const messages = await receiver.receiveMessages(200, { maxWaitTimeInMs: 100 });
    if (messages.length === 0) break;
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
  }
  await receiver.close();
}

export function errorOf({ error }: ProcessErrorArgs): string {
  return error.message;
}
