// How long the functions host waits before it runs a function again.

import { describe, expect, test } from 'vitest';
import { retryDelay } from '../../../../local/functions-host/run-with-retry.ts';

describe('retry delays', () => {
  test('double from the minimum to the maximum, or stay fixed', () => {
    const backoff = {
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 5,
      minimumInterval: { seconds: 2 },
      maximumInterval: { seconds: 10 },
    } as const;
    expect([1, 2, 3, 4, 2000].map((retry) => retryDelay(backoff, retry))).toEqual([2000, 4000, 8000, 10_000, 10_000]);
    const fixed = { retryStrategy: 'fixedDelay', maxRetryCount: -1, delayInterval: { seconds: 3 } } as const;
    expect([1, 2, 3].map((retry) => retryDelay(fixed, retry))).toEqual([3000, 3000, 3000]);
  });
});
