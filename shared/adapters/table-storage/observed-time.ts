// Reads what time it is for Table Storage from each of its answers.

import type { TableServiceClientOptions } from '@azure/data-tables';
import type { ObserveTime } from './common-clock.ts';

type PolicyInPlace = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

/** @param now the machine's own clock, in milliseconds since 1970 */
export function observedTime(observe: ObserveTime, now: () => number = Date.now): PolicyInPlace {
  return {
    position: 'perRetry',
    policy: {
      name: 'nac-observed-time',
      async sendRequest(request, next) {
        const askedAt = now();
        const response = await next(request);
        const date = Date.parse(response.headers.get('date') ?? '');
        if (!Number.isNaN(date)) observe({ date, askedAt, answeredAt: now() });
        return response;
      },
    },
  };
}
