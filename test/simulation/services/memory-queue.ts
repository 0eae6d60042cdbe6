// A queue of Service Bus, from sending a message to completing or dead-lettering it, without a connection.
//
// Locks, sessions, time to live, delivery count and duplicate detection are those of docs.microsoft.com "Azure Service
// Bus messaging". What time does to messages is done when the queue is looked at next; sessions end at their time.

import { ServiceBusError } from '@azure/service-bus';

export interface QueueDefinition {
  readonly name: string;
  readonly requiresSession?: boolean;
  readonly lockDurationMs?: number;
  readonly maxDeliveryCount?: number;
  /** Absent: no duplicate detection. */
  readonly duplicateDetectionWindowMs?: number;
  readonly deadLetterOnExpiry?: boolean;
}

export interface QueueTime {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly after: (milliseconds: number, callback: () => void) => () => void;
}

export interface SentMessage {
  /** JSON, so that sender and receiver share no object. */
  readonly body: string;
  readonly contentType?: string | undefined;
  readonly messageId: string;
  readonly sessionId?: string | undefined;
  readonly timeToLiveMs?: number | undefined;
}

export interface KeptMessage extends SentMessage {
  readonly sequence: number;
  readonly enqueuedAt: number;
  readonly expiresAt: number;
  /** How often it was given out. */
  deliveries: number;
  lock?: { readonly token: number; readonly until: number } | undefined;
  readonly deadLetter?: { readonly reason: string; readonly description: string };
}

/** The right to a session's messages. */
export interface SessionLock {
  readonly sessionId: string;
  until: number;
  isLost: boolean;
  /** Called when it ends without being given back. */
  onLost: () => void;
}

/** The limit of the service's standard tier. */
const LARGEST_MESSAGE = 262_144;
/** Of the machine's timers. */
const LONGEST_ALARM_MS = 2 ** 31;

export class MemoryQueue {
  readonly name: string;
  readonly requiresSession: boolean;
  /** Absent of a dead-letter queue itself. */
  readonly deadLetters: MemoryQueue | undefined;
  readonly #definition: QueueDefinition;
  readonly #time: QueueTime;
  readonly #gaveUp: MemoryQueue | undefined;
  #messages: KeptMessage[] = [];
  readonly #sessions = new Map<string, SessionLock>();
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  #tokens = 0;

  /** @param gaveUp the queue whose dead letters these are */
  constructor(definition: QueueDefinition, time: QueueTime, gaveUp?: MemoryQueue) {
    this.name = definition.name;
    this.#gaveUp = gaveUp;
    this.#definition = definition;
    this.#time = time;
    this.requiresSession = definition.requiresSession === true && gaveUp === undefined;
    this.deadLetters = gaveUp === undefined ? new MemoryQueue(definition, time, this) : undefined;
  }

  get length(): number {
    this.tidy();
    return this.#messages.length;
  }

  get lockMs(): number {
    return this.#definition.lockDurationMs ?? 30_000;
  }

  /** Calls back when there may be something to receive; the function returned ends that. */
  onArrival(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => void this.#waiting.delete(callback);
  }

  /** All of them or none. A message whose id was sent a while ago is dropped without a word. */
  send(messages: readonly SentMessage[]): void {
    for (const { body, sessionId } of messages) {
      if (body.length > LARGEST_MESSAGE) throw busError('MessageSizeExceeded', 'The message is too large.');
      if (this.requiresSession && sessionId === undefined) {
        throw refusal('InvalidOperationError', 'The SessionId was not set on a message of an entity with sessions.');
      }
    }
    for (const message of messages) {
      if (this.#isDuplicate(message.messageId)) continue;
      this.#keep(message);
    }
    this.#notify();
  }

  /** Takes the next message that no consumer has, of the session where one is held. */
  take(session: SessionLock | undefined): KeptMessage | undefined {
    this.tidy();
    if (session?.isLost) return undefined;
    const next = this.#messages.find(
      (message) => message.lock === undefined && (session === undefined || message.sessionId === session.sessionId),
    );
    if (next === undefined) return undefined;
    next.deliveries += 1;
    const until = session === undefined ? this.#time.now() + this.lockMs : Number.POSITIVE_INFINITY;
    this.#tokens += 1;
    next.lock = { token: this.#tokens, until };
    if (session === undefined) this.#wakeAfter(this.lockMs);
    return next;
  }

  peek(count: number): readonly KeptMessage[] {
    this.tidy();
    return this.#messages.slice(0, count);
  }

  /** @param token of the lock under which it was received. @throws ServiceBusError MessageLockLost, SessionLockLost */
  settle(
    message: KeptMessage,
    token: number,
    session: SessionLock | undefined,
    how: 'complete' | 'abandon' | { readonly reason: string; readonly description: string },
  ): void {
    if (session?.isLost) throw busError('SessionLockLost', 'The session lock has expired.');
    this.tidy();
    if (message.lock?.token !== token || !this.#messages.includes(message)) {
      throw busError('MessageLockLost', 'The lock supplied is invalid: it expired, or the message was removed.');
    }
    if (how === 'abandon') {
      message.lock = undefined;
      this.tidy();
      this.#notify();
      return;
    }
    this.#remove(message);
    if (how !== 'complete') this.#bury(message, how.reason, how.description);
  }

  renew(message: KeptMessage, token: number): number {
    this.tidy();
    if (message.lock?.token !== token) throw busError('MessageLockLost', 'The lock supplied is invalid.');
    const until = this.#time.now() + this.lockMs;
    message.lock = { token, until };
    this.#wakeAfter(this.lockMs);
    return until;
  }

  /** @throws ServiceBusError SessionCannotBeLocked while another consumer has it, and of a queue without sessions */
  acceptSession(sessionId: string): SessionLock {
    if (!this.requiresSession || this.#sessions.has(sessionId)) {
      throw busError('SessionCannotBeLocked', `The requested session '${sessionId}' cannot be accepted.`);
    }
    const lock: SessionLock = { sessionId, until: 0, isLost: false, onLost: () => undefined };
    this.#sessions.set(sessionId, lock);
    this.#lockSession(lock);
    return lock;
  }

  renewSession(lock: SessionLock): number {
    if (lock.isLost) throw busError('SessionLockLost', 'The session lock has expired.');
    return this.#lockSession(lock);
  }

  /** Given back, not lapsed: what was received and not settled does not count as delivered. */
  releaseSession(lock: SessionLock): void {
    if (lock.isLost) return;
    for (const message of this.#messages) {
      if (message.sessionId === lock.sessionId && message.lock !== undefined) message.deliveries -= 1;
    }
    this.#endSession(lock);
  }

  #lockSession(lock: SessionLock): number {
    const until = this.#time.now() + this.lockMs;
    lock.until = until;
    this.#time.after(this.lockMs, () => {
      if (lock.isLost || lock.until > until) return;
      this.#endSession(lock);
      lock.onLost();
    });
    return until;
  }

  /** What was received and not settled is there again for the next one who accepts the session. */
  #endSession(lock: SessionLock): void {
    lock.isLost = true;
    this.#sessions.delete(lock.sessionId);
    for (const message of this.#messages) if (message.sessionId === lock.sessionId) message.lock = undefined;
    this.#notify();
  }

  #keep(message: SentMessage, deadLetter?: KeptMessage['deadLetter']): void {
    const enqueuedAt = this.#time.now();
    const { timeToLiveMs = Number.POSITIVE_INFINITY } = message;
    const expiresAt = enqueuedAt + timeToLiveMs;
    this.#sequence += 1;
    const kept = { ...message, sequence: this.#sequence, enqueuedAt, expiresAt, deliveries: 0 };
    this.#messages.push(deadLetter === undefined ? kept : { ...kept, deadLetter });
    if (timeToLiveMs < LONGEST_ALARM_MS) this.#time.after(timeToLiveMs, () => this.tidy());
  }

  #isDuplicate(messageId: string): boolean {
    const windowMs = this.#definition.duplicateDetectionWindowMs;
    if (windowMs === undefined) return false;
    const now = this.#time.now();
    const seenAt = this.#seen.get(messageId);
    if (seenAt !== undefined && now - seenAt < windowMs) return true;
    this.#seen.set(messageId, now);
    return false;
  }

  /** What time has done since: locks end, messages expire, and those given out too often are given up. */
  tidy(): void {
    this.#gaveUp?.tidy();
    const now = this.#time.now();
    const most = this.#definition.maxDeliveryCount ?? 10;
    for (const message of [...this.#messages]) {
      if (message.lock !== undefined && message.lock.until <= now) message.lock = undefined;
      if (message.lock !== undefined || this.deadLetters === undefined) continue;
      if (message.expiresAt <= now) {
        this.#remove(message);
        if (this.#definition.deadLetterOnExpiry) this.#bury(message, 'TTLExpiredException', 'The message expired.');
      } else if (message.deliveries >= most) {
        this.#remove(message);
        this.#bury(message, 'MaxDeliveryCountExceeded', `Message could not be consumed after ${most} deliveries.`);
      }
    }
  }

  #remove(message: KeptMessage): void {
    this.#messages = this.#messages.filter((one) => one !== message);
  }

  #bury({ body, contentType, messageId, sessionId }: KeptMessage, reason: string, description: string): void {
    if (this.deadLetters === undefined) return;
    this.deadLetters.#keep({ body, contentType, messageId, sessionId }, { reason, description });
    this.deadLetters.#notify();
  }

  #notify(): void {
    for (const callback of [...this.#waiting]) callback();
  }

  #wakeAfter(milliseconds: number): void {
    this.#time.after(milliseconds, () => this.#notify());
  }
}

export function busError(code: ServiceBusError['code'], message: string): ServiceBusError {
  return new ServiceBusError(message, code);
}

/** An error of AMQP that the SDK gives no code of its own. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new ServiceBusError(message, 'GeneralError'), { code });
}
