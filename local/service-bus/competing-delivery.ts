// Delivery of a queue without sessions: receivers with credit take turns.
import type { Consumer } from './consumer.ts';
import { KeyedHeap } from './keyed-heap.ts';
import type { HandOver, MessageDelivery } from './message-delivery.ts';
import type { QueuedMessage } from './queued-message.ts';

export class CompetingDelivery implements MessageDelivery {
  readonly #handOver: HandOver;
  readonly #waiting = new KeyedHeap<QueuedMessage>();
  readonly #consumers: Consumer[] = [];
  #turn = 0;
  #stopped = false;

  constructor(handOver: HandOver) {
    this.#handOver = handOver;
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  /** The locks of a receiver that goes stay until they run out, as in the service. */
  removeConsumer(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  offer(message: QueuedMessage): void {
    message.place = this.#waiting.add(message.sequenceNumber, message);
    this.#dispatch();
  }

  withdraw(message: QueuedMessage): void {
    if (message.place) this.#waiting.remove(message.place);
    message.place = undefined;
  }

  resume(): void {
    this.#dispatch();
  }

  stop(): void {
    this.#stopped = true;
  }

  #dispatch(): void {
    while (!this.#stopped && this.#waiting.size > 0) {
      const consumer = this.#nextWithCredit();
      const message = consumer && this.#waiting.takeFirst();
      if (!message) return;
      message.place = undefined;
      this.#handOver(message, consumer);
    }
  }

  #nextWithCredit(): Consumer | undefined {
    for (let asked = 0; asked < this.#consumers.length; asked++) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer && consumer.credit() > 0) return consumer;
    }
    return undefined;
  }
}
