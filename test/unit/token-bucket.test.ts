// The token bucket: what it gives, when it refills, how long a reservation waits.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../shared/token-bucket.ts';

describe('a token bucket', () => {
  test('gives what it holds, then what comes back', () => {
    const bucket = new TokenBucket({ capacity: 2, perSecond: 1 });
    expect([bucket.tryTake(1, 0), bucket.tryTake(1, 0), bucket.tryTake(1, 0)]).toEqual([true, true, false]);
    expect([bucket.tryTake(1, 999), bucket.tryTake(1, 1000), bucket.tryTake(1, 1000)]).toEqual([false, true, false]);
  });

  test('says how long a reservation waits, one behind the other', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 10 });
    expect([10, 5, 5].map((count) => bucket.reserve(count, 0))).toEqual([0, 500, 1000]);
    expect(bucket.reserve(1, 1000)).toBe(100);
  });

  test('gains nothing from a clock that jumps back', () => {
    const bucket = new TokenBucket({ capacity: 1, perSecond: 1 });
    expect(bucket.tryTake(1, 10_000)).toBe(true);
    expect(bucket.tryTake(1, 0)).toBe(false);
    expect(bucket.tryTake(1, 999)).toBe(false);
    expect(bucket.tryTake(1, 1000)).toBe(true);
  });

  test('never gives more in any span of time than its capacity and what that span brings', () => {
    const takes = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 5000 })));
    fc.assert(
      fc.property(
        takes,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        (steps, capacity, perSecond) => {
          const bucket = new TokenBucket({ capacity, perSecond });
          let now = 0;
          const taken: [at: number, count: number][] = [];
          for (const [count, later] of steps) {
            now += later;
            if (bucket.tryTake(count, now)) taken.push([now, count]);
          }
          for (const [from] of taken) {
            for (const [to] of taken) {
              const inSpan = taken.filter(([at]) => at >= from && at <= to).reduce((sum, [, count]) => sum + count, 0);
              if (to >= from) expect(inSpan).toBeLessThanOrEqual(capacity + ((to - from) / 1000) * perSecond + 1e-6);
            }
          }
        },
      ),
    );
  });
});
