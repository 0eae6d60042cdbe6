// Delivery of a queue that requires sessions: a session is locked by one receiver at a time, which alone gets its
// messages, in order.
import { noSessionAvailable, sessionLockLost, sessionTaken } from './broker-error.ts';
import type { Consumer } from './consumer.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import type { HandOver, MessageDelivery } from './message-delivery.ts';
import type { MessageLock } from './message-lock.ts';
import { type MessageSession, newMessageSession } from './message-session.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface SessionDeliveryOptions {
  readonly lockDurationMs: number;
  readonly now: () => number;
  readonly deadlines: Deadlines;
  readonly handOver: HandOver;
  /** Takes the lock off a message and puts the message back in line. */
  readonly giveBack: (lock: MessageLock, countAttempt: boolean) => void;
}

export interface AcceptSession {
  readonly accepted: (session: MessageSession) => void;
  readonly refused: (error: Error) => void;
}

interface Waiter extends AcceptSession {
  readonly consumer: Consumer;
  readonly deadline: Deadline;
}

export class SessionDelivery implements MessageDelivery {
  readonly #options: SessionDeliveryOptions;
  readonly #sessions = new Map<string, MessageSession>();
  readonly #heldBy = new Map<Consumer, MessageSession>();
  /** Sessions with messages and without a holder, in the order they came to that. */
  readonly #free = new Set<MessageSession>();
  readonly #waiters = new Set<Waiter>();
  #stopped = false;

  constructor(options: SessionDeliveryOptions) {
    this.#options = options;
  }

  restoreState(sessionId: string, state: Buffer): void {
    this.#session(sessionId).state = state;
  }

  offer(message: QueuedMessage): void {
    const session = this.#session(message.sessionId ?? '');
    message.place = session.waiting.add(message.sequenceNumber, message);
    this.#advance(session);
  }

  withdraw(message: QueuedMessage): void {
    const session = this.#session(message.sessionId ?? '');
    if (message.place) session.waiting.remove(message.place);
    message.place = undefined;
    this.#advance(session);
  }

  resume(consumer: Consumer): void {
    const session = this.#heldBy.get(consumer);
    if (session) this.#advance(session);
  }

  stop(): void {
    this.#stopped = true;
  }

  accept(sessionId: string, consumer: Consumer, answer: AcceptSession): void {
    const session = this.#session(sessionId);
    if (session.holder) {
      answer.refused(sessionTaken(sessionId));
      return;
    }
    this.#lock(session, consumer);
    answer.accepted(session);
  }

  /** Waits for a session with messages if there is none. */
  acceptNext(consumer: Consumer, timeoutMs: number, answer: AcceptSession): void {
    const { deadlines, now } = this.#options;
    const deadline = deadlines.at(now() + timeoutMs, () => {
      this.#waiters.delete(waiter);
      answer.refused(noSessionAvailable());
    });
    const waiter = { consumer, deadline, ...answer };
    this.#waiters.add(waiter);
    this.#serveWaiters();
  }

  /** A receiver that goes gives its session back; what it did not settle is available again, uncounted. */
  removeConsumer(consumer: Consumer): void {
    for (const waiter of this.#waiters) {
      if (waiter.consumer !== consumer) continue;
      waiter.deadline.cancel();
      this.#waiters.delete(waiter);
    }
    const session = this.#heldBy.get(consumer);
    if (session) this.#release(session, false);
  }

  /** @returns until when the session is locked now */
  renewLock(sessionId: string): number {
    const session = this.locked(sessionId);
    this.#startLock(session);
    for (const lock of session.held) lock.until = session.lockedUntil;
    return session.lockedUntil;
  }

  locked(sessionId: string): MessageSession {
    const session = this.#sessions.get(sessionId);
    if (!session?.holder) throw sessionLockLost(sessionId);
    return session;
  }

  #session(id: string): MessageSession {
    const known = this.#sessions.get(id);
    if (known) return known;
    const session = newMessageSession(id);
    this.#sessions.set(id, session);
    return session;
  }

  #lock(session: MessageSession, consumer: Consumer): void {
    session.holder = consumer;
    this.#heldBy.set(consumer, session);
    this.#free.delete(session);
    this.#startLock(session);
  }

  #startLock(session: MessageSession): void {
    const { deadlines, lockDurationMs, now } = this.#options;
    session.deadline?.cancel();
    session.lockedUntil = now() + lockDurationMs;
    session.deadline = deadlines.at(session.lockedUntil, () => this.#expire(session));
  }

  #expire(session: MessageSession): void {
    const { holder } = session;
    this.#release(session, true);
    holder?.detach(sessionLockLost(session.id));
  }

  #release(session: MessageSession, countAttempts: boolean): void {
    session.deadline?.cancel();
    if (session.holder) this.#heldBy.delete(session.holder);
    // No consumer gets the session before all of its messages are back: the next holder must see them in order.
    session.holder = BEING_RELEASED;
    for (const lock of [...session.held]) this.#options.giveBack(lock, countAttempts);
    session.holder = undefined;
    this.#advance(session);
  }

  #advance(session: MessageSession): void {
    if (this.#stopped) return;
    const { holder, waiting } = session;
    while (holder && waiting.size > 0 && holder.credit() > 0) {
      const message = waiting.takeFirst();
      if (!message) break;
      message.place = undefined;
      this.#options.handOver(message, holder, session);
    }
    if (holder) return;
    if (waiting.size > 0) {
      this.#free.add(session);
      this.#serveWaiters();
      return;
    }
    this.#free.delete(session);
    // Sessions come and go with their ids; one without message, holder and state leaves nothing behind.
    if (session.state === null) this.#sessions.delete(session.id);
  }

  #serveWaiters(): void {
    while (!this.#stopped) {
      const [session] = this.#free;
      const [waiter] = this.#waiters;
      if (!session || !waiter) return;
      this.#waiters.delete(waiter);
      waiter.deadline.cancel();
      this.#lock(session, waiter.consumer);
      waiter.accepted(session);
    }
  }
}

const BEING_RELEASED: Consumer = {
  credit: () => 0,
  promise: () => undefined,
  deliver: () => false,
  cancelPromise: () => undefined,
  detach: () => undefined,
};
