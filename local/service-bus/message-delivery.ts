// How a queue brings messages to receivers: one implementation for competing receivers, one for sessions.
import type { Consumer } from './consumer.ts';
import type { MessageSession } from './message-session.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface MessageDelivery {
  /** The message may be delivered from now on. */
  offer(message: QueuedMessage): void;
  /** The message may no longer be delivered. */
  withdraw(message: QueuedMessage): void;
  /** The receiver has new credit. */
  resume(consumer: Consumer): void;
  removeConsumer(consumer: Consumer): void;
  /** Nothing is delivered from now on. */
  stop(): void;
}

/** What a delivery asks of its queue: lock the message and hand it to the receiver, or do away with it if too old. */
export type HandOver = (message: QueuedMessage, consumer: Consumer, session?: MessageSession) => void;
