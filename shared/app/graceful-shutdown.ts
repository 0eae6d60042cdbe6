// The end of a process: stops the work in the background, which gives up its leases, and only then closes anything.

import type { Timer } from '../ports/timer.ts';

/** The Functions host kills a worker five seconds after appTerminate; the rest is for closing connections. */
const MOST_WAITED_MS = 4_000;
/** After this nothing waits for the source any more: what it is asked for fails, and the lease is given up. */
const SOURCE_WAITED_MS = 1_500;

export class GracefulShutdown {
  readonly #stop = new AbortController();
  readonly #timer: Timer;
  readonly #running = new Set<Promise<unknown>>();

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Aborted when the process ends: no further page, step or lease is begun. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Work that the end waits for. */
  async waitedFor<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /**
   * Resolves when all of it has ended, or after four seconds.
   * @param leaveSource ends what waits for the source's answers
   */
  async begin(leaveSource: () => Promise<unknown>): Promise<void> {
    this.#stop.abort();
    if (this.#running.size === 0) return;
    const timeIsUp = Promise.withResolvers<void>();
    const cancels = [
      this.#timer.after(SOURCE_WAITED_MS, () => void leaveSource().catch(() => undefined)),
      this.#timer.after(MOST_WAITED_MS, timeIsUp.resolve),
    ];
    await Promise.race([Promise.allSettled(this.#running), timeIsUp.promise]);
    for (const cancel of cancels) cancel();
  }
}
