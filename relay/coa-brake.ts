// The brake on the site's own network: however many jobs come, only so many stations are disturbed in a time.

import type { Logger } from '../shared/ports/telemetry.ts';
import type { SendClock } from './radius/send-clock.ts';
import type { RelayLimits } from './relay-config.ts';

/** What the health endpoint says of it. */
export interface BrakeHealth {
  /** limits.perMinute */
  readonly perMinute: number;
  /** Requests that were begun within the last minute. */
  readonly lastMinute: number;
  /** Jobs wait until the minute is over. */
  readonly holding: boolean;
  /** limits.inTenMinutes; absent where it is off. */
  readonly inTenMinutes?: number;
  /** Stations that a request was begun for within the last ten minutes. */
  readonly stationsInTenMinutes?: number;
  /** Jobs that were reported back unsent since the relay started. */
  readonly turnedBack?: number;
}

export interface CoaBrake {
  /** Counts one request, if it may leave now. */
  take(): boolean;
  /** Calls back once `take` may succeed again; one callback at a time. */
  whenRoom(callback: () => void): void;
  /**
   * Counts the station, if it may be disturbed now: one that was already within the ten minutes always may.
   * @param station a name that no other station of the site has
   */
  admits(station: string): boolean;
  /** Calls back no more. */
  stop(): void;
  readonly health: BrakeHealth;
}

export interface CoaBrakeOptions {
  readonly limits: Pick<RelayLimits, 'perMinute' | 'inTenMinutes'>;
  readonly clock: Pick<SendClock, 'after' | 'elapsed'>;
  readonly log: Logger;
}

const MINUTE_MS = 60_000;
const TEN_MINUTES_MS = 10 * MINUTE_MS;

/** @param options the limits count for this process alone: a standby that takes over starts at nought */
export function createCoaBrake({ limits: { perMinute, inTenMinutes }, clock, log }: CoaBrakeOptions): CoaBrake {
  /** When the last `perMinute` requests were begun, as a ring; the next place holds the oldest. */
  const begun = new Float64Array(perMinute).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let cancelWaking: (() => void) | undefined;
  /** By station, the one longest ago first. */
  const stations = new Map<string, number>();
  let turnedBack = 0;
  const warnedAt = { perMinute: Number.NEGATIVE_INFINITY, inTenMinutes: Number.NEGATIVE_INFINITY };

  function waitMs(): number {
    return (begun[next] ?? 0) + MINUTE_MS - clock.elapsed();
  }

  /** Once a minute: a flood of jobs must not become a flood of lines. */
  function warn(limit: keyof typeof warnedAt, message: string, fields: Record<string, unknown>): void {
    if (clock.elapsed() - warnedAt[limit] < MINUTE_MS) return;
    warnedAt[limit] = clock.elapsed();
    const action = `Find out why so many stations are to authenticate again. If that is right, raise limits.${limit} in relay.yaml and restart the relay.`;
    log.warn('relay.braked', { code: 'NAC_RELAY_BRAKE', message, action, limit, ...fields });
  }

  function forgetOldStations(): void {
    const oldest = clock.elapsed() - TEN_MINUTES_MS;
    for (const [station, at] of stations) {
      if (at > oldest) return;
      stations.delete(station);
    }
  }

  return {
    take() {
      if (waitMs() > 0) return false;
      begun[next] = clock.elapsed();
      next = (next + 1) % perMinute;
      return true;
    },
    whenRoom(callback) {
      if (cancelWaking) return;
      warn('perMinute', `${perMinute} requests were begun within a minute; the next ones wait until it is over`, {
        perMinute,
      });
      cancelWaking = clock.after(Math.max(1, Math.ceil(waitMs())), () => {
        cancelWaking = undefined;
        callback();
      });
    },
    admits(station) {
      if (inTenMinutes === undefined) return true;
      forgetOldStations();
      if (!stations.has(station) && stations.size >= inTenMinutes) {
        turnedBack++;
        warn('inTenMinutes', `${inTenMinutes} stations were disturbed within ten minutes; the next ones are not`, {
          inTenMinutes,
          turnedBack,
        });
        return false;
      }
      // Behind all others, so that the map stays in order of time.
      stations.delete(station);
      stations.set(station, clock.elapsed());
      return true;
    },
    stop() {
      cancelWaking?.();
      cancelWaking = undefined;
    },
    get health() {
      const since = clock.elapsed() - MINUTE_MS;
      const lastMinute = begun.reduce((count, at) => count + Number(at > since), 0);
      const common = { perMinute, lastMinute, holding: cancelWaking !== undefined };
      if (inTenMinutes === undefined) return common;
      forgetOldStations();
      return { ...common, inTenMinutes, stationsInTenMinutes: stations.size, turnedBack };
    },
  };
}
