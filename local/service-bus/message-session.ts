// One message session of a queue: its waiting messages in order, who holds it and what is kept for it.
import type { Consumer } from './consumer.ts';
import type { Deadline } from './deadlines.ts';
import { KeyedHeap } from './keyed-heap.ts';
import type { LockingSession } from './message-lock.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface MessageSession extends LockingSession {
  readonly id: string;
  readonly waiting: KeyedHeap<QueuedMessage>;
  state: Buffer | null;
  holder: Consumer | undefined;
  lockedUntil: number;
  deadline: Deadline | undefined;
}

export function newMessageSession(id: string): MessageSession {
  return {
    id,
    waiting: new KeyedHeap(),
    held: new Set(),
    state: null,
    holder: undefined,
    lockedUntil: 0,
    deadline: undefined,
  };
}
