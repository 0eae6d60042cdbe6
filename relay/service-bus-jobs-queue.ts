// The site's queue at Service Bus: its one session, received with the SDK.

import { isServiceBusError, type ServiceBusReceivedMessage, type ServiceBusSessionReceiver } from '@azure/service-bus';
import { serviceBusLink } from '../shared/adapters/service-bus/service-bus-link.ts';
import type { Stopwatch } from '../shared/ports/timer.ts';
import type { ConnectServiceBus } from './connect-service-bus.ts';
import { explainRefusedSession } from './explain-refused-session.ts';
import type { JobSession, JobsQueue } from './hold-session-lock.ts';
import type { JobDelivery } from './job-worker.ts';
import { systemSendClock } from './radius/send-clock.ts';
import { serviceBusError } from './service-bus-error.ts';
import { withDeadline } from './with-deadline.ts';

export interface ServiceBusJobsQueueOptions {
  readonly connect: ConnectServiceBus;
  readonly queue: string;
  readonly sessionId: string;
  /** Messages taken and not settled yet. */
  readonly prefetch: number;
  readonly timer?: Stopwatch;
}

export interface ServiceBusJobsQueue extends JobsQueue {
  close(): Promise<void>;
}

/** Long enough for a connection that is there. */
const CLOSE_LIMIT_MS = 1500;

export function serviceBusJobsQueue(options: ServiceBusJobsQueueOptions): ServiceBusJobsQueue {
  const { connect, queue, sessionId, prefetch, timer = systemSendClock } = options;
  const link = serviceBusLink({
    open: () => ({ client: connect(), explained: false }),
    spares: isTaken,
    timer,
  });

  async function acceptSession(abortSignal: AbortSignal): Promise<ServiceBusSessionReceiver | 'taken'> {
    let accepting: Promise<ServiceBusSessionReceiver> | undefined;
    try {
      return await link.use(({ client }) => {
        // The SDK's own renewal ends after a time and does not report its failures.
        accepting = client.acceptSession(queue, sessionId, { maxAutoLockRenewalDurationInMs: 0, abortSignal });
        return accepting;
      });
    } catch (error) {
      // A session that comes too late would be closed to every relay, this one included.
      void accepting?.then((late) => late.close()).catch(() => undefined);
      if (!isTaken(error)) throw error;
    }
    // Looked at closely once per connection.
    await link.use(async (open) => {
      if (!open.explained) await explainRefusedSession(open.client, queue);
      open.explained = true;
    });
    return 'taken';
  }

  return {
    async accept(signal) {
      signal.addEventListener('abort', link.cut, { once: true });
      try {
        const receiver = await acceptSession(signal);
        return receiver === 'taken' ? receiver : jobSession(receiver, { queue, prefetch, timer }, link.cut);
      } catch (error) {
        throw serviceBusError(error, queue);
      } finally {
        signal.removeEventListener('abort', link.cut);
      }
    },
    close: link.close,
  };
}

/** As the SDK says; of a queue that is missing or gives no sessions, too. */
function isTaken(error: unknown): boolean {
  return isServiceBusError(error) && error.code === 'SessionCannotBeLocked';
}

function jobSession(
  receiver: ServiceBusSessionReceiver,
  { queue, prefetch, timer }: { readonly queue: string; readonly prefetch: number; readonly timer: Stopwatch },
  drop: () => void,
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
          // Handlers do not throw, so every error here is the end of the link.
          processError: async ({ error }) => lost(error),
        },
        { autoCompleteMessages: false, maxConcurrentCalls: prefetch },
      );
    },
    async pause() {
      if (subscription) await withDeadline(timer, CLOSE_LIMIT_MS, subscription.close()).catch(() => undefined);
    },
    async close() {
      // A link that was cut shows that the connection is not worth keeping, and cannot be closed in order.
      if (receiver.isClosed) return drop();
      await withDeadline(timer, CLOSE_LIMIT_MS, receiver.close()).catch(drop);
    },
  };
}

function jobDelivery(receiver: ServiceBusSessionReceiver, message: ServiceBusReceivedMessage): JobDelivery {
  return {
    messageId: String(message.messageId ?? ''),
    body: message.body,
    trace: message.applicationProperties?.['traceparent'] ?? message.applicationProperties?.['Diagnostic-Id'],
    complete: () => receiver.completeMessage(message),
    abandon: () => receiver.abandonMessage(message),
    deadLetter: (deadLetterReason, deadLetterErrorDescription) =>
      receiver.deadLetterMessage(message, { deadLetterReason, deadLetterErrorDescription }),
  };
}
