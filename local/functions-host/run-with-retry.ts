// Applies a function's `retry` option: fixed delay or exponential backoff between attempts, and the retryContext that
// the handler sees from the second attempt on.
import { setTimeout as wait } from 'node:timers/promises';
import type { RegisteredFunction } from './functions-core.ts';
import type { InvocationResponse, RetryContext, RetryOptions } from './rpc-types.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

export interface RetryEvents {
  /** Called before each wait. */
  onRetry(message: string): void;
  /** Ends the waiting: the last error is thrown at once. */
  readonly stopping: AbortSignal;
}

export async function runWithRetry(
  fn: RegisteredFunction,
  attempt: (retryContext: RetryContext | undefined) => Promise<InvocationResponse>,
  { onRetry, stopping }: RetryEvents,
): Promise<InvocationResponse> {
  const options = fn.metadata.retryOptions;
  let retryContext: RetryContext | undefined;
  for (let retry = 1; ; retry++) {
    try {
      return await attempt(retryContext);
    } catch (error) {
      if (!options || (options.maxRetryCount !== -1 && retry > options.maxRetryCount) || stopping.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const delay = retryDelay(options, retry);
      const limit = options.maxRetryCount === -1 ? '' : ` of ${options.maxRetryCount}`;
      onRetry(`Failed: ${message} Retry ${retry}${limit} in ${delay / 1000} s.`);
      retryContext = {
        retryCount: retry,
        maxRetryCount: options.maxRetryCount,
        exception:
          error instanceof Error && error.stack !== undefined ? { message, stackTrace: error.stack } : { message },
      };
      try {
        await wait(delay, undefined, { signal: stopping });
      } catch {
        throw error;
      }
    }
  }
}

/** Without the jitter that Azure adds to the backoff, so that a local run can be predicted. */
export function retryDelay(options: RetryOptions, retry: number): number {
  const seconds =
    options.retryStrategy === 'exponentialBackoff'
      ? Math.min(
          (options.minimumInterval?.seconds ?? 0) * 2 ** (retry - 1),
          options.maximumInterval?.seconds ?? Number.POSITIVE_INFINITY,
        )
      : (options.delayInterval?.seconds ?? 0);
  return Math.min(seconds * 1000, MAX_TIMER_MS);
}
