// The lock a receiver holds on a message: its own, which runs out by itself, or one that lives and ends with the lock
// of the session.
import type { Deadline } from './deadlines.ts';
import type { QueuedMessage } from './queued-message.ts';

/** What a lock needs of the session it lives in. */
export interface LockingSession {
  readonly lockedUntil: number;
  /** Locks of the messages the holder has and did not settle. */
  readonly held: Set<MessageLock>;
}

export interface MessageLock {
  readonly token: string;
  readonly message: QueuedMessage;
  readonly session: LockingSession | undefined;
  until: number;
  deadline: Deadline | undefined;
}
