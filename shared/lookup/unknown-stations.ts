// How many new sessions a client may open for addresses that lead to no device. At an open MAB port addresses can be made up
// without end; beyond the bound a station is answered all the same, for some minutes and without a session.

import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { TokenBucket } from '../token-bucket.ts';

export interface UnknownStations {
  /** @returns false when the client has no more for now: that is counted */
  take(client: string): boolean;
}

/** Clients have been set up by operators, so there are only so many of them. */
export function boundUnknownStations(perMinute: number, clock: Pick<Clock, 'now'>, metrics: Metrics): UnknownStations {
  const buckets = new Map<string, TokenBucket>();
  return {
    take(client) {
      const bucket = buckets.get(client) ?? new TokenBucket({ capacity: perMinute, perSecond: perMinute / 60 });
      buckets.set(client, bucket);
      if (bucket.tryTake(1, clock.now().getTime())) return true;
      metrics.count('lookup.unknown-stations-limited');
      return false;
    },
  };
}
