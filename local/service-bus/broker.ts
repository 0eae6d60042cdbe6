// The queues of one broker by the paths clients use, with the dead-letter queue of each.

import { StartError } from '../local-error.ts';
import { type BrokerClock, systemClock } from './broker-clock.ts';
import { queueDisabled, queueNotFound } from './broker-error.ts';
import { Deadlines } from './deadlines.ts';
import { MessageQueue } from './message-queue.ts';
import type { MessageStore } from './message-store.ts';
import { deadLetterSettings, type QueueDefinition, settingsOf } from './queue-definition.ts';

const DEAD_LETTER_QUEUE = '/$DeadLetterQueue';

export interface BrokerOptions {
  readonly queues: readonly QueueDefinition[];
  readonly store: MessageStore;
  readonly clock?: BrokerClock;
}

export class Broker {
  readonly #store: MessageStore;
  readonly #deadlines: Deadlines;
  readonly #queues = new Map<string, MessageQueue>();

  constructor({ queues, store, clock = systemClock }: BrokerOptions) {
    this.#store = store;
    this.#deadlines = new Deadlines(clock);
    const shared = { store, clock, deadlines: this.#deadlines };
    for (const definition of queues) {
      const { name } = definition;
      if (this.#queues.has(keyOf(name))) throw new StartError(`The queue "${name}" is defined twice.`);
      const settings = settingsOf(definition);
      const deadLetterName = `${name}${DEAD_LETTER_QUEUE}`;
      const deadLetters = new MessageQueue({ ...shared, name: deadLetterName, settings: deadLetterSettings(settings) });
      this.#queues.set(keyOf(deadLetterName), deadLetters);
      this.#queues.set(keyOf(name), new MessageQueue({ ...shared, name, settings, deadLetters }));
    }
  }

  /** Of a queue or of a dead-letter queue; upper and lower case are the same. */
  queue(path: string): MessageQueue {
    const queue = this.#queues.get(keyOf(path));
    if (!queue) throw queueNotFound(path);
    return queue;
  }

  /** A dead-letter queue is filled by its queue only. */
  queueToSendTo(path: string): MessageQueue {
    if (keyOf(path).endsWith(keyOf(DEAD_LETTER_QUEUE))) throw queueNotFound(path);
    const queue = this.queue(path);
    if (queue.sendDisabled) throw queueDisabled(path);
    return queue;
  }

  afterCommit(action: () => void): void {
    this.#store.afterCommit(action);
  }

  stopDelivery(): void {
    for (const queue of this.#queues.values()) queue.stopDelivery();
  }

  close(): void {
    this.#deadlines.close();
    this.#store.close();
  }
}

function keyOf(path: string): string {
  return path.toLowerCase();
}
