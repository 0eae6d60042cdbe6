// Why a report that could not be recorded is not given back at once: Service Bus delivers it again immediately, and ten
// deliveries in a fifth of a second would make a dead letter of it before a store that failed is back.

import type { Stopwatch } from '../ports/timer.ts';

const FIRST_MS = 500;
/** Less than the lock of a message (30 s), which the host renews, and far less than a function may run. */
const LONGEST_MS = 20_000;

/**
 * A minute and a half, all ten deliveries of a queue together.
 * @param deliveries how often the message has been delivered, this time included
 * @returns milliseconds
 */
export function redeliveryDelayMs(deliveries: number): number {
  return Math.min(FIRST_MS * 2 ** (Math.max(1, deliveries) - 1), LONGEST_MS);
}

/** Resolves after the delay, and at once when the process ends. */
export async function delayRedelivery(timer: Stopwatch, stopping: AbortSignal, deliveries: number): Promise<void> {
  if (stopping.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = timer.after(redeliveryDelayMs(deliveries), resolve);
  stopping.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  cancel();
}
