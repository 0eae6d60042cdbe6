// How a cache knows how old its entries are.

import type { Stopwatch } from '../../ports/timer.ts';

/** Options of lru-cache: it looks at the clock each time, since otherwise it sets a timer with every request. */
export function cacheAge(timer: Stopwatch) {
  return { ttlResolution: 0, perf: { now: () => timer.elapsed() } } as const;
}
