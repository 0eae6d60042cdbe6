// The settlement guard: different outcomes in one turn of the event loop, with the SDK against the embedded broker.

import { ServiceBusClient, type ServiceBusReceivedMessage, type ServiceBusReceiver } from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningServiceBus, startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { fixRheaSettlement } from '../../../relay/fix-rhea-settlement.ts';

let bus: RunningServiceBus;
let client: ServiceBusClient;
let receiver: ServiceBusReceiver;
let deadLetters: ServiceBusReceiver;

beforeAll(async () => {
  bus = await startServiceBus({ queues: [{ name: 'jobs' }] });
  client = new ServiceBusClient(bus.connectionString);
  receiver = client.createReceiver('jobs');
  deadLetters = client.createReceiver('jobs', { subQueueType: 'deadLetter' });
});

afterAll(async () => {
  await client.close();
  await bus.close();
});

let messages: ServiceBusReceivedMessage[];

beforeEach(async () => {
  const sender = client.createSender('jobs');
  await sender.sendMessages(['a', 'b', 'c', 'd'].map((body) => ({ body })));
  await sender.close();
  messages = [];
  while (messages.length < 4) messages.push(...(await receiver.receiveMessages(4, { maxWaitTimeInMs: 5000 })));
});

async function settleInOneTurn(): Promise<unknown[]> {
  const [a, b, c, d] = messages;
  if (!a || !b || !c || !d) throw new Error('Four messages were sent.');
  await Promise.all([
    receiver.completeMessage(a),
    receiver.deadLetterMessage(b, { deadLetterReason: 'first', deadLetterErrorDescription: '1' }),
    receiver.deadLetterMessage(c, { deadLetterReason: 'second', deadLetterErrorDescription: '2' }),
    receiver.completeMessage(d),
  ]);
  const dead: ServiceBusReceivedMessage[] = [];
  // What was sent is all settled, one way or the other: what does not come now does not come.
  for (let more = true; more; ) {
    const some = await deadLetters.receiveMessages(4, { maxWaitTimeInMs: 300 });
    more = some.length > 0;
    for (const message of some) await deadLetters.completeMessage(message);
    dead.push(...some);
  }
  return dead.map(({ body, deadLetterReason }) => [body, deadLetterReason]);
}

test('without the guard a message to be dead-lettered is lost; if this fails, rhea has been mended', async () => {
  expect(await settleInOneTurn()).not.toContainEqual(['b', 'first']);
});

test('with the guard each message gets its own outcome and reason', async () => {
  fixRheaSettlement();
  fixRheaSettlement();
  expect(await settleInOneTurn()).toEqual([
    ['b', 'first'],
    ['c', 'second'],
  ]);
});

test('messages that are all completed still share a frame', async () => {
  await Promise.all(messages.map((message) => receiver.completeMessage(message)));
  expect(await receiver.peekMessages(10)).toEqual([]);
});
