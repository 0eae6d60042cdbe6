// Time that passes only when everything that can happen at this moment has happened.

import type { Clock } from '../../shared/ports/clock.ts';
import type { Timer } from '../../shared/ports/timer.ts';

interface Alarm {
  readonly at: number;
  /** Those of the same time go off in the order in which they were set. */
  readonly order: number;
  readonly ring: () => void;
  cancelled: boolean;
}

export class VirtualTime {
  #now: number;
  #order = 0;
  readonly #alarms: Alarm[] = [];

  /** @param startsAt milliseconds since 1970 */
  constructor(startsAt: number) {
    this.#now = startsAt;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** @returns what cancels it */
  after(milliseconds: number, ring: () => void): () => void {
    const alarm = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, ring, cancelled: false };
    push(this.#alarms, alarm);
    return () => {
      alarm.cancelled = true;
    };
  }

  /** Lets time pass until then. Between two alarms every promise that can be settled is. */
  async runUntil(end: number): Promise<void> {
    await everythingSettled();
    for (let next = this.#alarms[0]; next !== undefined && next.at <= end; next = this.#alarms[0]) {
      pop(this.#alarms);
      if (next.cancelled) continue;
      this.#now = Math.max(this.#now, next.at);
      next.ring();
      await everythingSettled();
    }
    this.#now = Math.max(this.#now, end);
  }
}

/** The next tick comes after every microtask, those included that microtasks bring about. */
const everythingSettled = (): Promise<void> => new Promise(process.nextTick);

/** What a process sees of it: a clock that may be off, and timers that end with the process. */
export function clockOf(
  after: (milliseconds: number, ring: () => void) => () => void,
  now: () => number,
  skewMs: () => number,
): Clock & Timer {
  const startedAt = now();
  const timedOut = (): DOMException => new DOMException('The deadline has passed.', 'TimeoutError');
  return {
    now: () => new Date(now() + skewMs()),
    elapsed: () => now() - startedAt,
    after,
    turn: () => new Promise((resolve) => void after(0, resolve)),
    deadline(milliseconds) {
      const controller = new AbortController();
      after(milliseconds, () => controller.abort(timedOut()));
      return controller.signal;
    },
    async within(milliseconds, work) {
      const controller = new AbortController();
      const cancel = after(milliseconds, () => controller.abort(timedOut()));
      try {
        return await work(controller.signal);
      } finally {
        cancel();
      }
    },
  };
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Alarm[], alarm: Alarm): void {
  let index = heap.length;
  heap.push(alarm);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Alarm;
    if (isBefore(above, alarm)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = alarm;
}

function pop(heap: Alarm[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (let child = 1; child < heap.length; child = 2 * index + 1) {
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, heap[child] as Alarm)) child += 1;
    const below = heap[child] as Alarm;
    if (isBefore(last, below)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
