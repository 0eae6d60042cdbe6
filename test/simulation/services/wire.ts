// The way of a call to a service and of its answer back.

import type { GetTableEntityOptions } from '@azure/data-tables';

/** What the SDKs take for a signal. */
export type Signal = NonNullable<GetTableEntityOptions['abortSignal']>;

export interface Wire {
  /**
   * @param effect what the service does when the call reaches it
   * @returns what `effect` returned, once the answer is back; it may never be
   */
  call<T>(what: string, effect: () => T, signal?: Signal): Promise<T>;
}

/** Neither lost nor late. */
export const INSTANT: Wire = {
  async call(_what, effect, signal) {
    if (signal?.aborted) throw abortError();
    return effect();
  },
};

/** As the SDKs say it. */
export function abortError(): Error {
  const error = new Error('The operation was aborted.');
  error.name = 'AbortError';
  return error;
}
