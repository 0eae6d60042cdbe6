// Bounds the wait for something that may never come.

import type { Stopwatch } from '../shared/ports/timer.ts';

/** @throws what the promise rejects with; an error once the time is up; the signal's reason once it aborts */
export async function withDeadline<Value>(
  timer: Stopwatch,
  milliseconds: number,
  promise: Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const ended = Promise.withResolvers<never>();
  const cancel = timer.after(milliseconds, () => ended.reject(new Error(`No answer within ${milliseconds / 1000} s`)));
  const abort = (): void => ended.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await Promise.race([promise, ended.promise]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', abort);
  }
}
