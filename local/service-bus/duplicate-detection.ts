// Remembers the message ids of a queue for its duplicate detection window.
import type { MessageStore } from './message-store.ts';

export interface DuplicateDetectionOptions {
  readonly queue: string;
  readonly windowMs: number;
  readonly store: MessageStore;
  readonly known: ReadonlyMap<string, number>;
}

export class DuplicateDetection {
  readonly #options: DuplicateDetectionOptions;
  /** In the order of their times. */
  readonly #seen: Map<string, number>;

  constructor(options: DuplicateDetectionOptions) {
    this.#options = options;
    this.#seen = new Map(options.known);
  }

  /** A new id is remembered, a known one keeps its time. */
  isDuplicate(messageId: string, now: number): boolean {
    const { queue, store } = this.#options;
    this.#forgetUntil(now - this.#options.windowMs);
    if (this.#seen.has(messageId)) return true;
    this.#seen.set(messageId, now);
    store.rememberMessageId(queue, messageId, now);
    return false;
  }

  #forgetUntil(time: number): void {
    for (const [messageId, seenAt] of this.#seen) {
      if (seenAt > time) return;
      this.#seen.delete(messageId);
      this.#options.store.forgetMessageId(this.#options.queue, messageId);
    }
  }
}
