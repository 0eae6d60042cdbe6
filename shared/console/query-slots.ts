// How many questions of people an instance answers at once, and how long each may take: lookups share the process with
// them, and go first. One asker has a part of the places alone: the others are answered beside the slowest search.

import { BusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

export interface QueryLimits {
  /** Questions that are worked on at once. */
  readonly atOnce: number;
  /** Of one asker. */
  readonly ofOne: number;
  /** Questions that may wait for one of them to end. */
  readonly waiting: number;
  /** Of one asker: a page asks for several things at once. */
  readonly waitingOfOne: number;
  /** Milliseconds that one waits at most. */
  readonly waitMs: number;
  /** Milliseconds after which the asker gets a refusal; what was begun keeps its place until it ends. */
  readonly deadlineMs: number;
}

/** Each list ends by itself before the deadline, with what it has found. */
export const QUERY_LIMITS: QueryLimits = {
  atOnce: 4,
  ofOne: 2,
  waiting: 40,
  waitingOfOne: 12,
  waitMs: 10_000,
  deadlineMs: 45_000,
};

/** Of comparisons that walk all sessions and the whole fleet: one at once, and each ends before the deadline. */
export const COMPARISON_LIMITS: QueryLimits = {
  atOnce: 1,
  ofOne: 1,
  waiting: 8,
  waitingOfOne: 1,
  waitMs: 30_000,
  deadlineMs: 80_000,
};

const BUSY_RETRY_SECONDS = 5;
const SLOW_RETRY_SECONDS = 30;

interface Waiting {
  readonly asker: string;
  readonly begin: () => void;
}

export class QuerySlots {
  readonly #clock: Clock;
  readonly #limits: QueryLimits;
  readonly #waiting: Waiting[] = [];
  /** Places by asker; one who has none is not in it. */
  readonly #taken = new Map<string, number>();

  constructor(clock: Clock, limits: QueryLimits = QUERY_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * @param asker who is known by then: the name of a client, or the object id of a person
   * @param work begun when there is room
   * @throws BusyError 429 NAC_QUERIES_BUSY, 503 NAC_QUERY_TIMEOUT
   */
  async run<T>(asker: string, work: () => Promise<T>): Promise<T> {
    await this.#take(asker);
    const working = work().finally(() => this.#free(asker));
    return this.#clock.within(this.#limits.deadlineMs, (deadline) => untilDeadline(working, deadline));
  }

  async #take(asker: string): Promise<void> {
    const { waiting, waitingOfOne, waitMs } = this.#limits;
    if (this.#hasRoomFor(asker)) return this.#begin(asker);
    const own = this.#waiting.filter((each) => each.asker === asker).length;
    if (this.#waiting.length >= waiting || own >= waitingOfOne) throw busy();
    await this.#clock.within(waitMs, (deadline) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const place: Waiting = { asker, begin: resolve };
      const leave = (): void => {
        const index = this.#waiting.indexOf(place);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(busy());
      };
      deadline.addEventListener('abort', leave, { once: true });
      this.#waiting.push(place);
      return promise.finally(() => deadline.removeEventListener('abort', leave));
    });
  }

  #hasRoomFor(asker: string): boolean {
    const { atOnce, ofOne } = this.#limits;
    const all = [...this.#taken.values()].reduce((sum, places) => sum + places, 0);
    return all < atOnce && (this.#taken.get(asker) ?? 0) < ofOne;
  }

  #begin(asker: string): void {
    this.#taken.set(asker, (this.#taken.get(asker) ?? 0) + 1);
  }

  /** The place goes to the one that waits longest, of those who may have another. */
  #free(asker: string): void {
    const left = (this.#taken.get(asker) ?? 1) - 1;
    if (left === 0) this.#taken.delete(asker);
    else this.#taken.set(asker, left);
    const index = this.#waiting.findIndex((each) => this.#hasRoomFor(each.asker));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (next === undefined) return;
    this.#begin(next.asker);
    next.begin();
  }
}

function untilDeadline<T>(working: Promise<T>, deadline: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = (): void => reject(tooSlow());
  deadline.addEventListener('abort', late, { once: true });
  working.then(resolve, reject);
  return promise.finally(() => deadline.removeEventListener('abort', late));
}

function busy(): BusyError {
  return new BusyError(429, 'NAC_QUERIES_BUSY', 'Too many questions are asked at once.', {
    action: 'Ask again after the seconds that Retry-After names; scripts ask one question after the other.',
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  });
}

function tooSlow(): BusyError {
  return new BusyError(503, 'NAC_QUERY_TIMEOUT', 'The answer took too long.', {
    action: 'Ask for less: a shorter time, one site, a smaller limit. Where that fails too, check the storage account.',
    retryAfterSeconds: SLOW_RETRY_SECONDS,
  });
}
