// Bounds a wait by a signal that lives for longer than the wait.

/**
 * What the promise brings, or nothing once the signal aborts. `Promise.race` against one promise for the signal would
 * keep every value in memory for as long as the signal lives.
 * @throws what the promise rejects with, if that is first
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
