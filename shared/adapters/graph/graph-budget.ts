// Keeps this process within what Intune allows an app: 2,000 requests in 20 seconds for each tenant (Microsoft Graph
// service-specific throttling limits, "Intune devices service"). Each request inside a $batch counts by itself.

import { setTimeout as delay } from 'node:timers/promises';
import { TokenBucket } from '../../token-bucket.ts';

/** 300 + 20 * 60 = 1,500 in any 20 seconds: a quarter is left for other instances while one takes over from another. */
export const GRAPH_LIMITS = { capacity: 300, perSecond: 60 } as const;

export interface GraphBudget {
  /** Resolves when so many requests may be made. */
  take(requests: number): Promise<void>;
}

export function createGraphBudget(
  now: () => Date,
  wait: (milliseconds: number) => Promise<void> = (milliseconds) => delay(milliseconds),
): GraphBudget {
  const bucket = new TokenBucket(GRAPH_LIMITS);
  return {
    async take(requests) {
      const waitMs = bucket.reserve(requests, now().getTime());
      if (waitMs > 0) await wait(waitMs);
    },
  };
}
