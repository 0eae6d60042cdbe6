// The machine's clock.

import type { Clock } from '../../ports/clock.ts';

/** What AbortSignal.timeout gives as its reason. */
const timedOut = (): DOMException => new DOMException('The deadline has passed.', 'TimeoutError');

export const systemClock: Clock = {
  now: () => new Date(),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  async within(milliseconds, work) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(timedOut()), milliseconds);
    try {
      return await work(controller.signal);
    } finally {
      clearTimeout(timer);
    }
  },
};
