// One queue: what happens to a message from sending it to completing or dead-lettering it, without any AMQP in it.

import { StartError } from '../local-error.ts';
import type { BrokerClock } from './broker-clock.ts';
import { messageNotFound, messageTooLarge, notAllowed } from './broker-error.ts';
import { CompetingDelivery } from './competing-delivery.ts';
import type { Consumer } from './consumer.ts';
import { type DeadLetterDetails, deadLettered } from './dead-lettered.ts';
import type { Deadlines } from './deadlines.ts';
import { DuplicateDetection } from './duplicate-detection.ts';
import { KeptMessages } from './kept-messages.ts';
import {
  type ApplicationProperties,
  annotationOf,
  type MessageContent,
  withApplicationProperties,
} from './message-content.ts';
import type { MessageDelivery } from './message-delivery.ts';
import type { MessageLock } from './message-lock.ts';
import { MessageLocks } from './message-locks.ts';
import type { MessageSession } from './message-session.ts';
import type { MessageStore, StoredMessage } from './message-store.ts';
import type { QueueSettings } from './queue-definition.ts';
import { QueuedMessage } from './queued-message.ts';
import { type AcceptSession, SessionDelivery } from './session-delivery.ts';

/** The limit of the service's standard tier. */
export const MAX_MESSAGE_BYTES = 262_144;

export interface MessageQueueOptions {
  readonly name: string;
  readonly settings: QueueSettings;
  /** None: this is a dead-letter queue itself. */
  readonly deadLetters?: MessageQueue;
  readonly store: MessageStore;
  readonly clock: BrokerClock;
  readonly deadlines: Deadlines;
}

export class MessageQueue {
  readonly name: string;
  readonly #settings: QueueSettings;
  readonly sendDisabled: boolean;
  readonly #deadLetters: MessageQueue | undefined;
  readonly #store: MessageStore;
  readonly #clock: BrokerClock;
  readonly #deadlines: Deadlines;
  readonly #messages: KeptMessages;
  readonly #locks: MessageLocks;
  readonly #duplicates: DuplicateDetection | undefined;
  readonly #delivery: MessageDelivery;
  readonly #competing: CompetingDelivery | undefined;
  readonly #sessions: SessionDelivery | undefined;

  constructor({ name, settings, deadLetters, store, clock, deadlines }: MessageQueueOptions) {
    this.name = name;
    this.#settings = settings;
    this.sendDisabled = settings.sendDisabled;
    this.#deadLetters = deadLetters;
    this.#store = store;
    this.#clock = clock;
    this.#deadlines = deadlines;
    const { lockDurationMs } = settings;
    this.#locks = new MessageLocks({ lockDurationMs, clock, deadlines, onEnd: (lock) => this.#giveBack(lock, true) });
    const handOver = this.#handOver.bind(this);
    if (settings.requiresSession) {
      const giveBack = this.#giveBack.bind(this);
      this.#sessions = new SessionDelivery({ lockDurationMs, now: clock.now, deadlines, handOver, giveBack });
      this.#delivery = this.#sessions;
    } else {
      this.#competing = new CompetingDelivery(handOver);
      this.#delivery = this.#competing;
    }
    const stored = store.load(name);
    this.#messages = new KeptMessages(name, store, stored.lastSequenceNumber);
    const windowMs = settings.duplicateDetectionWindowMs;
    if (windowMs !== undefined) {
      this.#duplicates = new DuplicateDetection({ queue: name, windowMs, store, known: stored.messageIds });
    }
    for (const [sessionId, state] of stored.sessionStates) this.#sessions?.restoreState(sessionId, state);
    for (const message of stored.messages) this.#restore(message);
  }

  /** All or none; the sequence numbers, 0 for a duplicate, which is dropped in silence. */
  send(contents: readonly MessageContent[]): number[] {
    const messages = contents.map((content) => new QueuedMessage(content));
    for (const message of messages) this.#assertAcceptable(message);
    return messages.map((message) => this.#enqueue(message));
  }

  cancelScheduled(sequenceNumbers: readonly number[]): void {
    const messages = sequenceNumbers.map((sequenceNumber) => {
      const message = this.#messages.get(sequenceNumber);
      if (message?.scheduledFor === undefined) throw messageNotFound(sequenceNumber);
      return message;
    });
    for (const message of messages) this.#messages.remove(message);
  }

  /** Messages from that sequence number on, locked and scheduled ones too. */
  peek(fromSequenceNumber: number, count: number, sessionId?: string): QueuedMessage[] {
    return this.#messages.from(fromSequenceNumber, count, sessionId);
  }

  addConsumer(consumer: Consumer): void {
    if (!this.#competing) {
      throw notAllowed('A receiver without a session cannot be created on an entity that requires sessions.');
    }
    this.#competing.addConsumer(consumer);
  }

  /** For one session, or for the next free one where no id is given. */
  acceptSession(sessionId: string | null, consumer: Consumer, timeoutMs: number, answer: AcceptSession): void {
    if (!this.#sessions) answer.refused(sessionsNotOffered());
    else if (sessionId === null) this.#sessions.acceptNext(consumer, timeoutMs, answer);
    else this.#sessions.accept(sessionId, consumer, answer);
  }

  resume(consumer: Consumer): void {
    this.#delivery.resume(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    this.#delivery.removeConsumer(consumer);
  }

  stopDelivery(): void {
    this.#delivery.stop();
  }

  complete(token: string): void {
    this.#messages.remove(this.#locks.unlock(this.#locks.of(token)));
  }

  abandon(token: string, properties: ApplicationProperties = {}): void {
    const lock = this.#locks.of(token);
    const changed = Object.keys(properties).length > 0;
    if (changed) lock.message.content = withApplicationProperties(lock.message.content, properties);
    this.#giveBack(lock, true, changed);
  }

  deadLetter(token: string, details: DeadLetterDetails): void {
    const lock = this.#locks.of(token);
    if (!this.#deadLetters) throw notAllowed('A message in a dead-letter queue cannot be dead-lettered again.');
    // Before anything changes: properties may be of a kind that cannot be kept.
    const content = deadLettered(lock.message.content, details);
    this.#moveToDeadLetters(this.#locks.unlock(lock), content);
  }

  /** @returns until when the message is locked now */
  renewLock(token: string): number {
    const lock = this.#locks.of(token);
    if (lock.session) throw notAllowed('The lock of a message in a session is renewed with that of the session.');
    this.#locks.renew(lock);
    return lock.until;
  }

  renewSessionLock(sessionId: string): number {
    return this.#sessionDelivery().renewLock(sessionId);
  }

  sessionState(sessionId: string): Buffer | null {
    return this.#sessionDelivery().locked(sessionId).state;
  }

  setSessionState(sessionId: string, state: Buffer | null): void {
    this.#sessionDelivery().locked(sessionId).state = state;
    this.#store.saveSessionState(this.name, sessionId, state);
  }

  #sessionDelivery(): SessionDelivery {
    if (this.#sessions) return this.#sessions;
    throw sessionsNotOffered();
  }

  #assertAcceptable(message: QueuedMessage): void {
    const size = message.content.bare.length;
    if (size > MAX_MESSAGE_BYTES) throw messageTooLarge(size, MAX_MESSAGE_BYTES);
    if (!this.#settings.requiresSession || message.sessionId !== undefined) return;
    throw notAllowed('The SessionId was not set on a message, and it cannot be sent to an entity that requires it.');
  }

  #enqueue(message: QueuedMessage): number {
    const now = this.#clock.now();
    if (this.#duplicates?.isDuplicate(message.messageId, now)) return 0;
    const scheduledFor = annotationOf(message.content, 'x-opt-scheduled-enqueue-time');
    message.sequenceNumber = this.#messages.nextSequenceNumber();
    message.enqueuedAt = now;
    if (scheduledFor instanceof Date && scheduledFor.getTime() > now) {
      message.scheduledFor = scheduledFor.getTime();
      this.#messages.add(message);
      this.#awaitSchedule(message);
    } else this.#makeAvailable(message);
    return message.sequenceNumber;
  }

  #awaitSchedule(message: QueuedMessage): void {
    const due = message.scheduledFor ?? 0;
    message.deadline = this.#deadlines.at(due, () => {
      // It joins the line as if it were sent now, so with a number of its own.
      this.#messages.remove(message);
      message.scheduledFor = undefined;
      message.sequenceNumber = this.#messages.nextSequenceNumber();
      message.enqueuedAt = this.#clock.now();
      this.#makeAvailable(message);
    });
  }

  #makeAvailable(message: QueuedMessage): void {
    const timeToLive = Math.min(message.content.timeToLiveMs ?? Number.POSITIVE_INFINITY, this.#settings.defaultTtlMs);
    message.expiresAt = message.enqueuedAt + timeToLive;
    this.#messages.add(message);
    this.#awaitExpiry(message);
    this.#delivery.offer(message);
  }

  #awaitExpiry(message: QueuedMessage): void {
    message.deadline = this.#deadlines.at(message.expiresAt, () => {
      // A locked message outlives its time until the lock ends.
      if (message.lock) return;
      this.#delivery.withdraw(message);
      this.#expire(message);
    });
  }

  #expire(message: QueuedMessage): void {
    if (!this.#settings.deadLetterOnExpiry) {
      this.#messages.remove(message);
      return;
    }
    const reason = 'TTLExpiredException';
    const description = 'The message expired and was dead lettered.';
    this.#moveToDeadLetters(message, deadLettered(message.content, { reason, description }));
  }

  /** Locks the message and delivers it once the lock is safe: a broker that dies knows whom it had given what. */
  #handOver(message: QueuedMessage, consumer: Consumer, session?: MessageSession): void {
    // The timer of its deadline may be late.
    if (message.expiresAt <= this.#clock.now()) {
      this.#expire(message);
      return;
    }
    const lock = this.#locks.lock(message, session);
    consumer.promise();
    this.#messages.update(message);
    this.#store.afterCommit(() => {
      if (message.lock !== lock) consumer.cancelPromise();
      else if (!consumer.deliver(message, lock.token)) this.#giveBack(lock, false);
    });
  }

  #giveBack(lock: MessageLock, countAttempt: boolean, contentChanged = false): void {
    const message = this.#locks.unlock(lock);
    if (countAttempt) message.attempts++;
    this.#returnToLine(message, contentChanged);
  }

  #returnToLine(message: QueuedMessage, contentChanged = false): void {
    const { maxDeliveryCount } = this.#settings;
    if (message.attempts >= maxDeliveryCount) {
      const reason = 'MaxDeliveryCountExceeded';
      const description = `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`;
      this.#moveToDeadLetters(message, deadLettered(message.content, { reason, description }));
    } else if (message.expiresAt <= this.#clock.now()) this.#expire(message);
    else {
      this.#messages.update(message, contentChanged);
      this.#delivery.offer(message);
    }
  }

  #moveToDeadLetters(message: QueuedMessage, content: MessageContent): void {
    this.#messages.remove(message);
    message.content = content;
    message.expiresAt = Number.POSITIVE_INFINITY;
    this.#deadLetters?.receiveDeadLetter(message);
  }

  /** Number, time and attempts stay those of the queue it comes from. */
  receiveDeadLetter(message: QueuedMessage): void {
    this.#messages.add(message);
    this.#delivery.offer(message);
  }

  #restore(stored: StoredMessage): void {
    const message = new QueuedMessage(stored.content);
    if (this.#settings.requiresSession && message.sessionId === undefined) {
      throw new StartError(`The queue "${this.name}" requires sessions now, but holds messages without one.`);
    }
    message.sequenceNumber = stored.sequenceNumber;
    message.attempts = stored.attempts;
    message.enqueuedAt = stored.enqueuedAt;
    message.expiresAt = stored.expiresAt;
    message.scheduledFor = stored.scheduledFor;
    this.#messages.restore(message);
    if (message.scheduledFor !== undefined) {
      this.#awaitSchedule(message);
      return;
    }
    this.#awaitExpiry(message);
    if (stored.locked) {
      // The consumer that had it when the broker died may have died of it: uncounted, such a message would come for
      // ever.
      message.attempts++;
      this.#returnToLine(message);
    } else this.#delivery.offer(message);
  }
}

function sessionsNotOffered(): Error {
  return notAllowed('A sessionful message receiver cannot be created on an entity that does not require sessions.');
}
