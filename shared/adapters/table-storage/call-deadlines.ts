// Bounds each call to Table Storage. The SDK waits for an answer as long as the connection stands, and a path that
// drops packets silently keeps it standing until the host ends the whole process.

import { RestError, type TableServiceClientOptions } from '@azure/data-tables';

type PolicyInPlace = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

export interface CallLimits {
  /** Milliseconds for one try; the retries of the SDK come on a connection that is likely another one. */
  readonly tryMs: number;
  /** Milliseconds for a call with all of its tries and the waiting between them. */
  readonly callMs: number;
}

/** RestError with this code is what the SDK's own retries take for a network that does not answer. */
export const NO_ANSWER = 'ETIMEDOUT';

export function callDeadlines({ tryMs, callMs }: CallLimits): PolicyInPlace[] {
  return [deadline('nac-call', 'perCall', callMs), deadline('nac-try', 'perRetry', tryMs)];
}

function deadline(name: string, position: PolicyInPlace['position'], limitMs: number): PolicyInPlace {
  return {
    position,
    policy: {
      name: `${name}-deadline`,
      async sendRequest(request, next) {
        const asked = request.abortSignal;
        const cut = new AbortController();
        const stop = (): void => cut.abort();
        const timer = setTimeout(stop, limitMs);
        asked?.addEventListener('abort', stop);
        if (asked?.aborted) stop();
        request.abortSignal = cut.signal;
        try {
          return await next(request);
        } catch (thrown) {
          if (!cut.signal.aborted || asked?.aborted) throw thrown;
          throw new RestError(`no answer within ${limitMs / 1000} s`, { code: NO_ANSWER, request });
        } finally {
          clearTimeout(timer);
          asked?.removeEventListener('abort', stop);
          if (asked === undefined) delete request.abortSignal;
          else request.abortSignal = asked;
        }
      },
    },
  };
}
