// How many new sessions a client may open for addresses that lead to no device. At an open MAB port addresses can be made up
// without end; beyond the bound a station is answered all the same, for some minutes and without a session.

import type { Clock } from '../ports/clock.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { TokenBucket } from '../token-bucket.ts';

export interface UnknownStations {
  /** @returns false when the client has no more for now: that is counted, and logged once in ten seconds */
  take(client: string): boolean;
}

interface Limited {
  readonly bucket: TokenBucket;
  /** Stations beyond the bound that no line has told yet. */
  untold: number;
  toldAtMs: number;
}

const LINE_EVERY_MS = 10_000;

/** Clients have been set up by operators, so there are only so many of them. */
export function boundUnknownStations(
  perMinute: number,
  clock: Pick<Clock, 'now'>,
  metrics: Metrics,
  log: Pick<Logger, 'warn'>,
): UnknownStations {
  const clients = new Map<string, Limited>();
  return {
    take(client) {
      const nowMs = clock.now().getTime();
      const limited = clients.get(client) ?? {
        bucket: new TokenBucket({ capacity: perMinute, perSecond: perMinute / 60 }),
        untold: 0,
        toldAtMs: Number.NEGATIVE_INFINITY,
      };
      clients.set(client, limited);
      if (limited.bucket.tryTake(1, nowMs)) return true;
      limited.untold += 1;
      if (nowMs - limited.toldAtMs >= LINE_EVERY_MS) {
        metrics.count('lookup.unknown-stations-limited', limited.untold);
        log.warn('lookup.unknown-stations-limited', { client, stations: limited.untold });
        limited.untold = 0;
        limited.toldAtMs = nowMs;
      }
      return false;
    },
  };
}
