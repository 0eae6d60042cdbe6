// Service Bus queue trigger: runs a function for every message of its queue, and completes or abandons the message as
// the function succeeds or fails, as Azure's extension does with autoCompleteMessages.
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { StartError } from '../../local-error.ts';
import { describeError } from '../describe-error.ts';
import { resolveSetting } from '../resolve-setting.ts';
import type { TriggerData } from '../rpc-types.ts';
import type { TriggeredFunction, TriggerHost, TriggerType } from './trigger-type.ts';

/** Azure's default is 16; the order of messages does not matter to a function that may run on several instances. */
const MAX_CONCURRENT_CALLS = 16;
/** A call that a broken connection has swallowed ends after this, and is made again. */
const CALL_TIMEOUT_MS = 10_000;
/** Between attempts to listen again, which never end; 30 s by default, a long time after a Service Bus is back. */
const RETRY_DELAY_MS = 1_000;

interface QueueFunction {
  readonly fn: TriggeredFunction;
  readonly queueName: string;
  readonly connectionString: string;
}

export const serviceBusQueueTrigger: TriggerType = {
  bindingType: 'servicebustrigger',
  group: 'background',
  prepare(functions, host) {
    const queues = functions.map((fn) => readQueue(fn, host));
    return {
      async start() {
        // Loaded only for an app that has such functions.
        const { ServiceBusClient } = await import('@azure/service-bus');
        const clients = queues.map(({ connectionString }) => newClient(ServiceBusClient, connectionString));
        const receivers = queues.map((queue, index) => receive(queue, clients[index] as ServiceBusClient, host));
        return {
          async stop() {
            await Promise.all(receivers.map((receiver) => receiver.close()));
            await Promise.all(clients.map((client) => client.close()));
          },
        };
      },
    };
  },
};

function readQueue({ name, trigger, registered }: TriggeredFunction, { env }: TriggerHost): QueueFunction {
  const { queueName, connection, isSessionsEnabled } = trigger;
  if (typeof queueName !== 'string' || typeof connection !== 'string') {
    throw new StartError(`Function "${name}": its Service Bus trigger needs a queueName and a connection.`);
  }
  if (isSessionsEnabled === true) throw new StartError(`Function "${name}": queues with sessions are not supported.`);
  const connectionString = env[connection];
  if (!connectionString) {
    throw new StartError(
      `Function "${name}": the app setting ${connection} is not set. This host connects by connection string only.`,
    );
  }
  return {
    fn: { name, trigger, registered },
    queueName: resolveSetting(queueName, name, 'queueName', env),
    connectionString,
  };
}

function newClient(Client: typeof ServiceBusClient, connectionString: string): ServiceBusClient {
  return new Client(connectionString, {
    retryOptions: { timeoutInMs: CALL_TIMEOUT_MS, retryDelayInMs: RETRY_DELAY_MS },
  });
}

function receive({ fn, queueName }: QueueFunction, client: ServiceBusClient, host: TriggerHost): ServiceBusReceiver {
  const receiver = client.createReceiver(queueName);
  // rhea 3.0.5 merges settlements of one turn even when they differ: one after the other, each awaited, is safe.
  let settling: Promise<void> = Promise.resolve();
  const settle = (action: () => Promise<void>): Promise<void> => {
    settling = settling.then(action).catch((error) => host.log('warning', describeError(error), fn.name));
    return settling;
  };
  receiver.subscribe(
    {
      async processMessage(message) {
        const invocation = { data: dataOf(message.body), triggerMetadata: metadataOf(message) };
        try {
          await host.runner.run(fn.registered, invocation);
        } catch (error) {
          host.log('error', describeError(error), fn.name);
          return settle(() => receiver.abandonMessage(message));
        }
        return settle(() => receiver.completeMessage(message));
      },
      async processError({ error }) {
        host.log('warning', describeError(error), fn.name);
      },
    },
    { autoCompleteMessages: false, maxConcurrentCalls: MAX_CONCURRENT_CALLS },
  );
  return receiver;
}

function metadataOf(message: ServiceBusReceivedMessage): Record<string, TriggerData> {
  const metadata = {
    MessageId: message.messageId,
    // The SDK counts earlier deliveries, Azure's metadata this one too.
    DeliveryCount: (message.deliveryCount ?? 0) + 1,
    SequenceNumber: message.sequenceNumber?.toString(),
    EnqueuedTimeUtc: message.enqueuedTimeUtc,
    CorrelationId: message.correlationId,
    Subject: message.subject,
    ContentType: message.contentType,
    ApplicationProperties: message.applicationProperties ?? {},
  };
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, value]) => (value === undefined ? [] : [[name, dataOf(value)]])),
  );
}

function dataOf(value: unknown): TriggerData {
  if (typeof value === 'string') return { string: value };
  return Buffer.isBuffer(value) ? { bytes: value } : { json: JSON.stringify(value) };
}
