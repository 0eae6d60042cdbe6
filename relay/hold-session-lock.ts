// Holds the site's session, so that exactly one relay works: gets it, renews its lock without end, and gets it again.

import type { Logger } from '../shared/ports/telemetry.ts';
import { clockDelay } from './clock-delay.ts';
import type { JobDelivery } from './job-worker.ts';
import type { SendClock } from './radius/send-clock.ts';
import { RelayError, toRelayError } from './relay-error.ts';
import { type RetryDelays, retryDelay } from './retry-delays.ts';

export interface JobSession {
  readonly lockedUntil: Date;
  readonly isOpen: boolean;
  /** @returns until when the lock holds now */
  renew(): Promise<Date>;
  /** `lost` is called when no more messages will come. */
  receive(handle: (delivery: JobDelivery) => Promise<void>, lost: (error: unknown) => void): void;
  /** Asks for no more messages. */
  pause(): Promise<void>;
  /** Gives the session back. */
  close(): Promise<void>;
}

export interface JobsQueue {
  /** `taken`: another relay has the session. */
  accept(signal: AbortSignal): Promise<JobSession | 'taken'>;
}

/**
 * Service Bus says by its own clock when a lock ends, and not how long it lasts. Counted from when it was asked for, on
 * a monotonic clock, what the local clock makes of it is believed within these bounds alone: a clock that is behind
 * must not have the relay send when a standby does, and one that is ahead must not have it give up at the first slow
 * renewal.
 */
export interface LockBounds {
  /** No lock of Service Bus is shorter than five seconds (lockDuration of a queue). */
  readonly shortestMs: number;
  /**
   * What the queues are deployed with (infra/modules/site-queue.bicep). A longer one is given up sooner than need be.
   */
  readonly longestMs: number;
}

export const SERVICE_BUS_LOCK: LockBounds = { shortestMs: 5000, longestMs: 30_000 };

/** `connecting`: Service Bus is not reached; `standby`: another relay works; `active`: this one does. */
export type RelayState = 'connecting' | 'standby' | 'active';

export interface HoldSessionOptions {
  readonly queue: JobsQueue;
  readonly handle: (delivery: JobDelivery, lost: AbortSignal) => Promise<void>;
  /** Called after the session asks for no more messages and before it is given back. */
  readonly finish: () => Promise<void>;
  readonly onState: (state: RelayState) => void;
  readonly clock: SendClock;
  readonly log: Logger;
  readonly random: () => number;
  readonly delays: RetryDelays;
  /** How often a standby asks for the session. */
  readonly standbyRetryMs: number;
  /** How often it looks whether the link is there and the lock holds; the lock is given up that long before its end. */
  readonly watchMs: number;
  readonly lock: LockBounds;
  readonly stop: AbortSignal;
}

/** A lock that seems to end that much outside its bounds shows that the clocks differ. */
const CLOCK_TOLERANCE_MS = 2000;
const RENEWAL_RETRY_MS = 1000;
/** A session held for less counts as a failure to get it. */
const STEADY_MS = 10_000;

/** Resolves only after `stop`, once the session is given back. */
export async function holdSessionLock(options: HoldSessionOptions): Promise<void> {
  const { queue, clock, log, random, delays, standbyRetryMs, stop, onState } = options;
  let state: RelayState | undefined;
  const enter = (next: RelayState, fields: Record<string, unknown> = {}): void => {
    if (state !== next) log.info(`relay.${next}`, fields);
    state = next;
    onState(next);
  };
  let failures = 0;
  enter('connecting');
  while (!stop.aborted) {
    try {
      const askedAt = clock.elapsed();
      const session = await queue.accept(stop);
      if (session === 'taken') {
        failures = 0;
        enter('standby');
        await clockDelay(clock, standbyRetryMs * (0.75 + random() / 4), stop);
        continue;
      }
      enter('active');
      const lost = await hold(session, askedAt, options);
      if (lost === undefined) return;
      enter('connecting');
      const { code, message, action } = lost;
      log.warn('relay.session-lost', { code, message, action });
      failures = clock.elapsed() - askedAt < STEADY_MS ? failures + 1 : 1;
      await clockDelay(clock, retryDelay(delays, failures, random), stop);
    } catch (error) {
      if (stop.aborted) return;
      failures++;
      const { code, message, action } = toRelayError(error);
      const retryMs = Math.round(retryDelay(delays, failures, random));
      enter('connecting');
      log.warn('relay.unreachable', { code, message, action, failures, retryMs });
      await clockDelay(clock, retryMs, stop);
    }
  }
}

/** @returns why the session was lost; nothing if the relay is to stop */
async function hold(
  session: JobSession,
  askedAt: number,
  options: HoldSessionOptions,
): Promise<RelayError | undefined> {
  const { clock, handle, finish, log, stop, lock, watchMs } = options;
  const lost = new AbortController();
  const ended = Promise.withResolvers<RelayError | undefined>();
  let warnedOfClock = false;
  let lockEnds = 0;
  let renewAt = 0;
  let renewing = false;

  function locked(until: Date, requestedAt: number): void {
    const left = until.getTime() - clock.now().getTime();
    const plausible = left >= lock.shortestMs - CLOCK_TOLERANCE_MS && left <= lock.longestMs + CLOCK_TOLERANCE_MS;
    if (!plausible && !warnedOfClock) {
      warnedOfClock = true;
      log.warn('relay.clock', {
        code: 'NAC_RELAY_CLOCK',
        message: `The lock of the session seems to end in ${Math.round(left / 1000)} s`,
        action: `Let the relay take its time from NTP: its clock differs from that of Service Bus. Or the queue's lock is longer than ${lock.longestMs / 1000} s.`,
      });
    }
    const duration = Math.min(Math.max(left, lock.shortestMs), lock.longestMs);
    lockEnds = requestedAt + duration;
    // Where the clock is of no use, as often as the shortest lock needs.
    renewAt = requestedAt + (plausible ? duration : lock.shortestMs) / 2;
  }

  async function renew(): Promise<void> {
    renewing = true;
    const requestedAt = clock.elapsed();
    try {
      locked(await session.renew(), requestedAt);
    } catch (error) {
      if (!session.isOpen) return end(error);
      renewAt = clock.elapsed() + RENEWAL_RETRY_MS;
      const { code, message } = toRelayError(error);
      log.warn('relay.renewal-failed', { code, message });
    } finally {
      renewing = false;
    }
  }

  function end(error: unknown): void {
    const reason = sessionLost(error);
    ended.resolve(reason);
    // At once, also while the relay stops: another relay may have the session already.
    lost.abort(reason);
  }

  function watch(): void {
    cancelWatch = clock.after(watchMs, watch);
    if (!session.isOpen) end(undefined);
    // Before the lock lapses, not at the next look after it: a standby may have it in the same moment.
    else if (clock.elapsed() + watchMs >= lockEnds) end('The lock could not be renewed in time');
    else if (!renewing && clock.elapsed() >= renewAt) void renew();
  }

  locked(session.lockedUntil, askedAt);
  let cancelWatch = clock.after(watchMs, watch);
  const stopped = (): void => ended.resolve(undefined);
  stop.addEventListener('abort', stopped, { once: true });
  if (stop.aborted) stopped();
  else session.receive((delivery) => handle(delivery, lost.signal), end);
  try {
    const reason = await ended.promise;
    if (reason === undefined) {
      await session.pause();
      // The lock is renewed until the last send has ended.
      await finish();
    }
    return reason;
  } finally {
    cancelWatch();
    stop.removeEventListener('abort', stopped);
    await session.close();
  }
}

function sessionLost(cause: unknown): RelayError {
  const why = typeof cause === 'string' ? cause : cause instanceof Error ? cause.message : 'Service Bus closed it';
  return new RelayError('NAC_RELAY_SESSION_LOST', `The session of the site was lost: ${why}`, {
    action:
      'Nothing, if it is rare: the relay gets it again, or a standby works. If it is frequent, look at the network.',
    cause,
  });
}
