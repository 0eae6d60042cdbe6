// Waits on a clock that tests can move.

import type { SendClock } from './radius/send-clock.ts';

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function clockDelay(clock: Pick<SendClock, 'after'>, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
