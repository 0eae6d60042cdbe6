// The locks of one queue: who may settle which message, and until when.
import { randomUUID } from 'node:crypto';
import type { BrokerClock } from './broker-clock.ts';
import { messageLockLost } from './broker-error.ts';
import type { Deadlines } from './deadlines.ts';
import type { LockingSession, MessageLock } from './message-lock.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface MessageLocksOptions {
  readonly lockDurationMs: number;
  readonly clock: BrokerClock;
  readonly deadlines: Deadlines;
  /** The receiver has not settled the message in time. */
  readonly onEnd: (lock: MessageLock) => void;
}

export class MessageLocks {
  readonly #options: MessageLocksOptions;
  readonly #locks = new Map<string, MessageLock>();

  constructor(options: MessageLocksOptions) {
    this.#options = options;
  }

  /** @param session in which the lock lives as long as that of the session */
  lock(message: QueuedMessage, session: LockingSession | undefined): MessageLock {
    const lock: MessageLock = { token: randomUUID(), message, session, until: 0, deadline: undefined };
    message.lock = lock;
    this.#locks.set(lock.token, lock);
    this.renew(lock);
    session?.held.add(lock);
    return lock;
  }

  /** @throws when no consumer holds that lock any more */
  of(token: string): MessageLock {
    const lock = this.#locks.get(token);
    if (lock) return lock;
    throw messageLockLost();
  }

  renew(lock: MessageLock): void {
    if (lock.session) {
      lock.until = lock.session.lockedUntil;
      return;
    }
    const { lockDurationMs, clock, deadlines, onEnd } = this.#options;
    lock.deadline?.cancel();
    lock.until = clock.now() + lockDurationMs;
    lock.deadline = deadlines.at(lock.until, () => onEnd(lock));
  }

  unlock(lock: MessageLock): QueuedMessage {
    lock.deadline?.cancel();
    lock.session?.held.delete(lock);
    this.#locks.delete(lock.token);
    lock.message.lock = undefined;
    return lock.message;
  }
}
