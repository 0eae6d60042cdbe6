// The site's queue at Service Bus: its one session, received with the SDK.

import {
  isServiceBusError,
  type ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusSessionReceiver,
} from '@azure/service-bus';
import type { ConnectServiceBus } from './connect-service-bus.ts';
import { explainRefusedSession } from './explain-refused-session.ts';
import type { JobDelivery } from './job-worker.ts';
import type { JobSession, JobsQueue } from './keep-session.ts';
import { serviceBusError } from './service-bus-error.ts';
import { within } from './within.ts';

export interface ServiceBusJobsQueueOptions {
  readonly connect: ConnectServiceBus;
  readonly queue: string;
  readonly sessionId: string;
  /** Messages held at once. */
  readonly held: number;
}

export interface ServiceBusJobsQueue extends JobsQueue {
  close(): Promise<void>;
}

/** The SDK would wait a minute for a link that does not open. */
const acceptLimitMs = 15_000;
const closeLimitMs = 3000;

export function serviceBusJobsQueue(options: ServiceBusJobsQueueOptions): ServiceBusJobsQueue {
  const { connect, queue, sessionId, held } = options;
  let client: ServiceBusClient | undefined;
  let explained: ServiceBusClient | undefined;

  /** After a failure nothing of the connection is used again. */
  async function drop(): Promise<void> {
    const dropped = client;
    client = undefined;
    if (dropped) await within(closeLimitMs, dropped.close()).catch(() => undefined);
  }

  /** Nothing if another relay has the session; looked at closely once per connection. */
  async function realFailure(error: unknown, used: ServiceBusClient, signal: AbortSignal): Promise<unknown> {
    if (!isServiceBusError(error) || error.code !== 'SessionCannotBeLocked') return error;
    if (explained === used) return undefined;
    try {
      await within(acceptLimitMs, explainRefusedSession(used, queue), signal);
    } catch (reason) {
      return reason;
    }
    explained = used;
    return undefined;
  }

  return {
    async accept(signal) {
      client ??= connect();
      // The SDK's own renewal ends after a time and tells nobody when it fails.
      const accepting = client.acceptSession(queue, sessionId, {
        maxAutoLockRenewalDurationInMs: 0,
        abortSignal: signal,
      });
      try {
        const receiver = await within(acceptLimitMs, accepting, signal);
        return jobSession(receiver, queue, held, drop);
      } catch (error) {
        // One that comes too late would keep the session from everybody.
        void accepting.then((late) => late.close()).catch(() => undefined);
        const failure = await realFailure(error, client, signal);
        if (failure === undefined) return 'taken';
        void drop();
        throw serviceBusError(failure, queue);
      }
    },
    close: drop,
  };
}

function jobSession(
  receiver: ServiceBusSessionReceiver,
  queue: string,
  held: number,
  drop: () => Promise<void>,
): JobSession {
  let subscription: { close(): Promise<void> } | undefined;
  return {
    get lockedUntil() {
      return receiver.sessionLockedUntilUtc;
    },
    get isOpen() {
      return !receiver.isClosed;
    },
    async renew() {
      try {
        return await receiver.renewSessionLock();
      } catch (error) {
        throw serviceBusError(error, queue);
      }
    },
    receive(handle, lost) {
      subscription = receiver.subscribe(
        {
          processMessage: (message) => handle(jobDelivery(receiver, message)),
          // Handlers do not throw, so whatever comes here is the end of the link.
          processError: async ({ error }) => lost(error),
        },
        { autoCompleteMessages: false, maxConcurrentCalls: held },
      );
    },
    async pause() {
      if (subscription) await within(closeLimitMs, subscription.close()).catch(() => undefined);
    },
    async close() {
      const wasOpen = !receiver.isClosed;
      const closed = await within(closeLimitMs, receiver.close()).then(
        () => true,
        () => false,
      );
      // A link that was cut says that the connection is not worth keeping.
      if (!wasOpen || !closed) await drop();
    },
  };
}

function jobDelivery(receiver: ServiceBusSessionReceiver, message: ServiceBusReceivedMessage): JobDelivery {
  return {
    messageId: String(message.messageId ?? ''),
    body: message.body,
    complete: () => receiver.completeMessage(message),
    abandon: () => receiver.abandonMessage(message),
    deadLetter: (deadLetterReason, deadLetterErrorDescription) =>
      receiver.deadLetterMessage(message, { deadLetterReason, deadLetterErrorDescription }),
  };
}
