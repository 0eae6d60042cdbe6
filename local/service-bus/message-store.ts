// What the queues want kept, and when it is safe: the port to a durable or an in-memory store.
import type { MessageContent } from './message-content.ts';

export interface StoredMessage {
  readonly sequenceNumber: number;
  readonly content: MessageContent;
  /** Delivery attempts that failed. */
  readonly attempts: number;
  readonly locked: boolean;
  readonly enqueuedAt: number;
  /** Infinity: never. */
  readonly expiresAt: number;
  /** When it is to become visible; undefined once it is. */
  readonly scheduledFor: number | undefined;
}

export interface StoredQueue {
  readonly messages: readonly StoredMessage[];
  readonly sessionStates: ReadonlyMap<string, Buffer>;
  /** Message ids of the duplicate detection with the time they came, oldest first. */
  readonly messageIds: ReadonlyMap<string, number>;
  readonly lastSequenceNumber: number;
}

/** Calls return before the change is safe; `afterCommit` tells when it is. */
export interface MessageStore {
  load(queue: string): StoredQueue;
  insert(queue: string, message: StoredMessage): void;
  /** Lock and attempts of a stored message; the content only where it says so. */
  update(queue: string, message: StoredMessage, contentChanged?: boolean): void;
  delete(queue: string, sequenceNumber: number): void;
  saveSessionState(queue: string, sessionId: string, state: Buffer | null): void;
  rememberMessageId(queue: string, messageId: string, time: number): void;
  forgetMessageId(queue: string, messageId: string): void;
  /** Runs the action once every change so far is safe, in the order of the calls. */
  afterCommit(action: () => void): void;
  close(): void;
}
