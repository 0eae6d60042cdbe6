// Everything in the broker that happens at a time (locks, sessions, expiry, scheduled messages) on one timer.
import type { BrokerClock } from './broker-clock.ts';
import { KeyedHeap } from './keyed-heap.ts';

export interface Deadline {
  cancel(): void;
}

export class Deadlines {
  readonly #clock: BrokerClock;
  readonly #due = new KeyedHeap<() => void>();
  #wakeTime = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | undefined;
  #closed = false;

  constructor(clock: BrokerClock) {
    this.#clock = clock;
  }

  /** Runs the action at that time; never, if the time is infinite. */
  at(time: number, action: () => void): Deadline {
    if (time === Number.POSITIVE_INFINITY) return { cancel: () => undefined };
    const entry = this.#due.add(time, action);
    this.#arm();
    return { cancel: () => this.#due.remove(entry) };
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
  }

  /** A timer that turns out to be too early is left alone: cancelling is frequent, being woken for nothing cheap. */
  #arm(): void {
    const next = this.#due.first?.key ?? Number.POSITIVE_INFINITY;
    if (this.#closed || next >= this.#wakeTime) return;
    this.#disarm();
    this.#wakeTime = next;
    this.#cancelWake = this.#clock.wakeAt(next, () => this.#run());
  }

  #disarm(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeTime = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    this.#disarm();
    const now = this.#clock.now();
    while (!this.#closed && (this.#due.first?.key ?? Number.POSITIVE_INFINITY) <= now) this.#due.takeFirst()?.();
    this.#arm();
  }
}
