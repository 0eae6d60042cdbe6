// How many new sessions a client may open: a key that was stolen makes up stations without end, and so does an open MAB
// port addresses that lead to no device. Beyond a bound a station is answered all the same, for some minutes and
// without a session.

import type { Clock } from '../ports/clock.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { TokenBucket, type TokenBucketLimits } from '../token-bucket.ts';

export interface SessionQuota {
  /** @returns false when the client has no more for now: that is counted, and logged once in ten seconds */
  take(client: string): boolean;
}

/**
 * New sessions of one client, with any outcome: a site whose stations come back together has half an hour's worth at
 * once.
 */
export function newSessionLimits(perMinute: number): TokenBucketLimits {
  return { capacity: perMinute * 30, perSecond: perMinute / 60 };
}

/** Those for MAB addresses that lead to no device. */
export function unknownStationLimits(perMinute: number): TokenBucketLimits {
  return { capacity: perMinute, perSecond: perMinute / 60 };
}

interface Limited {
  readonly bucket: TokenBucket;
  /** Stations beyond the bound that no line of the log has counted yet. */
  unreported: number;
  reportedAtMs: number;
}

const LINE_EVERY_MS = 10_000;

/** Clients have been set up by operators, so there are only so many of them. */
export function boundSessions(
  event: 'lookup.unknown-stations-limited' | 'lookup.new-sessions-limited',
  limits: TokenBucketLimits,
  {
    clock,
    metrics,
    log,
  }: { readonly clock: Pick<Clock, 'now'>; readonly metrics: Metrics; readonly log: Pick<Logger, 'warn'> },
): SessionQuota {
  const clients = new Map<string, Limited>();
  return {
    take(client) {
      const nowMs = clock.now().getTime();
      const limited = clients.get(client) ?? {
        bucket: new TokenBucket(limits),
        unreported: 0,
        reportedAtMs: Number.NEGATIVE_INFINITY,
      };
      clients.set(client, limited);
      if (limited.bucket.tryTake(1, nowMs)) return true;
      limited.unreported += 1;
      if (nowMs - limited.reportedAtMs >= LINE_EVERY_MS) {
        metrics.count(event, limited.unreported);
        log.warn(event, { client, stations: limited.unreported });
        limited.unreported = 0;
        limited.reportedAtMs = nowMs;
      }
      return false;
    },
  };
}
