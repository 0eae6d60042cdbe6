// The budget of requests stays within Intune's limit for any sequence of requests.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGraphBudget } from '../../../../shared/adapters/graph/graph-budget.ts';

/** Microsoft Graph, service-specific throttling limits: Intune devices service, per app and tenant. */
const DOCUMENTED = { requests: 2000, withinMs: 20_000 };

test('whatever is asked for, any twenty seconds stay within what Intune allows, with room for another instance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 300, maxLength: 400 }), async (calls) => {
      let now = 0;
      const made: [at: number, requests: number][] = [];
      const budget = createGraphBudget(
        () => new Date(now),
        async (milliseconds) => {
          now += milliseconds;
        },
      );
      for (const requests of calls) {
        await budget.take(requests);
        made.push([now, requests]);
      }
      for (const [from] of made) {
        const within = made.filter(([at]) => at >= from && at < from + DOCUMENTED.withinMs);
        const sum = within.reduce((total, [, requests]) => total + requests, 0);
        expect(sum).toBeLessThanOrEqual(DOCUMENTED.requests * 0.75 + 20);
      }
    }),
    { numRuns: 20 },
  );
});
