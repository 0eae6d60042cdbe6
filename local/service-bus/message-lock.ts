// The lock a receiver holds on a message: its own, which runs out by itself, or one that lives and ends with the lock
// of the session.
import type { Deadline } from './deadlines.ts';
import type { MessageSession } from './message-session.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface MessageLock {
  readonly token: string;
  readonly message: QueuedMessage;
  readonly session: MessageSession | undefined;
  until: number;
  deadline: Deadline | undefined;
}
