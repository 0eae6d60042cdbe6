// The messages of one queue, in memory and in the store alike, by their sequence numbers.
import type { MessageStore } from './message-store.ts';
import type { QueuedMessage } from './queued-message.ts';

export class KeptMessages {
  readonly #queue: string;
  readonly #store: MessageStore;
  readonly #messages = new Map<number, QueuedMessage>();
  #lastSequenceNumber: number;

  constructor(queue: string, store: MessageStore, lastSequenceNumber: number) {
    this.#queue = queue;
    this.#store = store;
    this.#lastSequenceNumber = lastSequenceNumber;
  }

  nextSequenceNumber(): number {
    return ++this.#lastSequenceNumber;
  }

  get(sequenceNumber: number): QueuedMessage | undefined {
    return this.#messages.get(sequenceNumber);
  }

  /** Messages from that sequence number on, in their order. */
  from(sequenceNumber: number, count: number, sessionId: string | undefined): QueuedMessage[] {
    return [...this.#messages.values()]
      .filter((message) => message.sequenceNumber >= sequenceNumber)
      .filter((message) => sessionId === undefined || message.sessionId === sessionId)
      .sort((a, b) => a.sequenceNumber - b.sequenceNumber)
      .slice(0, count);
  }

  add(message: QueuedMessage): void {
    this.#messages.set(message.sequenceNumber, message);
    this.#store.insert(this.#queue, message);
  }

  /** One that the store has already. */
  restore(message: QueuedMessage): void {
    this.#messages.set(message.sequenceNumber, message);
  }

  /** Lock and attempts; the content only where it says so. */
  update(message: QueuedMessage, contentChanged = false): void {
    this.#store.update(this.#queue, message, contentChanged);
  }

  /** Nothing happens to the message at any time from now on. */
  remove(message: QueuedMessage): void {
    message.deadline?.cancel();
    this.#messages.delete(message.sequenceNumber);
    this.#store.delete(this.#queue, message.sequenceNumber);
  }
}
