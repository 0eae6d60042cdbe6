// The store of a broker without a data folder: keeps nothing, with the timing of the durable one.
import { CommitQueue } from './commit-queue.ts';
import type { MessageStore } from './message-store.ts';

export function memoryStore(): MessageStore {
  const commits = new CommitQueue(() => undefined);
  return {
    load: () => ({ messages: [], sessionStates: new Map(), messageIds: new Map(), lastSequenceNumber: 0 }),
    insert: () => undefined,
    update: () => undefined,
    delete: () => undefined,
    saveSessionState: () => undefined,
    rememberMessageId: () => undefined,
    forgetMessageId: () => undefined,
    afterCommit: (action) => commits.afterCommit(action),
    close: () => undefined,
  };
}
