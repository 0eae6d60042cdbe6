// How many questions of people an instance answers at once, and how long each may take: lookups share the process with
// them, and go first.

import { BusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

export interface QueryLimits {
  /** Questions that are worked on at once. */
  readonly atOnce: number;
  /** Questions that may wait for one of them to end. */
  readonly waiting: number;
  /** Milliseconds that one waits at most. */
  readonly waitMs: number;
  /** Milliseconds after which the asker gets a refusal; what was begun keeps its place until it ends. */
  readonly deadlineMs: number;
}

/** Each list ends by itself before the deadline, with what it has found. */
export const QUERY_LIMITS: QueryLimits = { atOnce: 4, waiting: 40, waitMs: 10_000, deadlineMs: 45_000 };

const BUSY_RETRY_SECONDS = 5;
const SLOW_RETRY_SECONDS = 30;

export class QuerySlots {
  readonly #clock: Clock;
  readonly #limits: QueryLimits;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(clock: Clock, limits: QueryLimits = QUERY_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * @param work begun when there is room; the asker is known by then
   * @throws BusyError 429 NAC_QUERIES_BUSY, 503 NAC_QUERY_TIMEOUT
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#take();
    const working = work().finally(() => this.#free());
    return this.#clock.within(this.#limits.deadlineMs, (deadline) => untilDeadline(working, deadline));
  }

  async #take(): Promise<void> {
    if (this.#busy < this.#limits.atOnce) {
      this.#busy += 1;
      return;
    }
    if (this.#waiting.length >= this.#limits.waiting) throw busy();
    await this.#clock.within(this.#limits.waitMs, (deadline) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const leave = (): void => {
        const place = this.#waiting.indexOf(resolve);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(busy());
      };
      deadline.addEventListener('abort', leave, { once: true });
      this.#waiting.push(resolve);
      return promise.finally(() => deadline.removeEventListener('abort', leave));
    });
  }

  /** The place goes to the one that waits longest. */
  #free(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy -= 1;
    else next();
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
