// One message in a queue, with what is only known while the broker runs: its lock, its place in line, its deadline.
import { randomUUID } from 'node:crypto';
import { encodeInt, encodeLong, encodeTimestamp } from './amqp-value.ts';
import type { Deadline } from './deadlines.ts';
import type { HeapEntry } from './keyed-heap.ts';
import { encodeMessage, type MessageContent, messageIdOf, sessionIdOf, withMessageId } from './message-content.ts';
import type { StoredMessage } from './message-store.ts';

const STATE_SCHEDULED = 2;

export class QueuedMessage implements StoredMessage {
  content: MessageContent;
  readonly messageId: string;
  readonly sessionId: string | undefined;
  sequenceNumber = 0;
  attempts = 0;
  enqueuedAt = 0;
  expiresAt = Number.POSITIVE_INFINITY;
  scheduledFor: number | undefined;
  lock: { readonly until: number } | undefined;
  /** While it waits for a receiver. */
  place: HeapEntry<QueuedMessage> | undefined;
  /** Of its schedule or its expiry. */
  deadline: Deadline | undefined;

  constructor(content: MessageContent) {
    const messageId = messageIdOf(content) ?? randomUUID().replaceAll('-', '');
    this.content = messageIdOf(content) === undefined ? withMessageId(content, messageId) : content;
    this.messageId = messageId;
    this.sessionId = sessionIdOf(content);
  }

  get locked(): boolean {
    return this.lock !== undefined;
  }

  /** The message as a receiver gets it. */
  encode(): Buffer {
    const annotations = new Map([
      ['x-opt-sequence-number', encodeLong(this.sequenceNumber)],
      ['x-opt-enqueued-time', encodeTimestamp(this.enqueuedAt)],
    ]);
    if (this.lock) annotations.set('x-opt-locked-until', encodeTimestamp(this.lock.until));
    if (this.scheduledFor !== undefined) annotations.set('x-opt-message-state', encodeInt(STATE_SCHEDULED));
    // The first delivery has the count 0: what is counted are the attempts before this one.
    return encodeMessage(this.content, this.attempts, annotations);
  }
}
