// Uses a Service Bus client until it does not answer, and then another one.
//
// The SDK reconnects by itself, but a call that was under way when the connection died waits out its timeout, and a
// link that was opening waits a minute (the time is fixed in the SDK) and makes every later call on it wait as well. A
// new client has neither.

import type { Stopwatch } from '../../ports/timer.ts';

export interface ServiceBusLink<Open> {
  /**
   * Calls with the open connection, or opens one. After a failure the connection is not used again, unless the failure
   * is one that does not speak against the connection.
   * @throws what the call rejects with; an error once its time is over or `cut` was called
   */
  use<Value>(call: (open: Open) => Promise<Value>): Promise<Value>;
  /** The connection is known to be gone: what is under way fails at once. */
  cut(): void;
  close(): Promise<void>;
}

export interface RetryProfile {
  /** A call is given eight times what the last one took, but not less than this. */
  readonly shortestMs: number;
  /** The first call of a client has to connect; it is given at least this. */
  readonly connectMs: number;
  /** Each call without an answer doubles the time for the next, up to this. */
  readonly longestMs: number;
}

export const DEFAULT_LIMITS: RetryProfile = { shortestMs: 2000, connectMs: 5000, longestMs: 15_000 };

export interface ServiceBusLinkOptions<Open> {
  /** Makes a client and what belongs to it. It connects with the first call. */
  readonly open: () => Open;
  /** Failures after which the connection is as good as before. */
  readonly spares?: (error: unknown) => boolean;
  /** What waiting is measured and bounded by. */
  readonly timer: Stopwatch;
  readonly limits?: RetryProfile;
}

interface Connection<Open> {
  readonly open: Open;
  answered: boolean;
  readonly endCalls: Set<(reason: Error) => void>;
}

/** Closing a connection that is gone would take as long as any other call on it. */
const CLOSE_LIMIT_MS = 1000;

export function serviceBusLink<Open extends { readonly client: { close(): Promise<void> } }>(
  options: ServiceBusLinkOptions<Open>,
): ServiceBusLink<Open> {
  const { open, timer, spares = () => false, limits = DEFAULT_LIMITS } = options;
  let current: Connection<Open> | undefined;
  let allowedMs = limits.shortestMs;

  async function drop(connection: Connection<Open> | undefined): Promise<void> {
    if (connection === undefined) return;
    if (current === connection) current = undefined;
    const reason = new Error('The connection to Service Bus was lost');
    for (const end of connection.endCalls) end(reason);
    await bounded(timer, CLOSE_LIMIT_MS, connection.open.client.close()).catch(() => undefined);
  }

  return {
    async use(call) {
      current ??= { open: open(), answered: false, endCalls: new Set() };
      const connection = current;
      const limitMs = connection.answered ? allowedMs : Math.max(allowedMs, limits.connectMs);
      const startedAt = timer.elapsed();
      try {
        const value = await bounded(timer, limitMs, call(connection.open), connection.endCalls);
        connection.answered = true;
        allowedMs = Math.min(Math.max(8 * (timer.elapsed() - startedAt), limits.shortestMs), limits.longestMs);
        return value;
      } catch (error) {
        if (spares(error)) throw error;
        if (error instanceof NoAnswer) allowedMs = Math.min(2 * allowedMs, limits.longestMs);
        void drop(connection);
        throw error;
      }
    },
    cut: () => void drop(current),
    close: () => drop(current),
  };
}

class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

async function bounded<Value>(
  timer: Stopwatch,
  limitMs: number,
  promise: Promise<Value>,
  ends: Set<(reason: Error) => void> = new Set(),
): Promise<Value> {
  const ended = Promise.withResolvers<never>();
  const cancel = timer.after(limitMs, () => ended.reject(new NoAnswer(`No answer within ${limitMs / 1000} s`)));
  ends.add(ended.reject);
  // It may fail after the race is over, and must not count as unhandled.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, ended.promise]);
  } finally {
    cancel();
    ends.delete(ended.reject);
  }
}
