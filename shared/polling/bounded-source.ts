// Bounds everything that the poll asks of a source. Each call has a deadline for all that it waits for (a token, the
// address of the service, a slow proxy, an answer that never comes), and all calls of a tick together have one, too.
// A transport's deadlines are for one request each; a call may make several, and the host ends a function that takes
// too long.
//
// Here every error of a source gets its name, too: an adapter may serve several of them.

import type { Instant } from '../domain/instant.ts';
import { SourceError } from '../errors.ts';
import type { DeviceReading, HardwareReading } from '../ports/device-reader.ts';
import type { MdmSource } from '../ports/mdm-source.ts';
import type { Stopwatch } from '../ports/timer.ts';

/** Lookups go on with the last address that was found: nothing else of a tick waits longer for it. */
const LOCATE_MS = 15_000;
/** At least this time even late in a tick: a healthy source answers within it. */
const LEAST_MS = 1_000;

export type BoundedSource<T extends MdmSource = MdmSource> = T & {
  /** Calls that are begun from now on end within so many milliseconds; those before keep their time. */
  beginTick(budgetMs: number): void;
};

/** @param callMs milliseconds for one call with all that it waits for */
export function boundedSource<T extends MdmSource>(
  source: T,
  clock: { readonly now: () => Date },
  timer: Stopwatch,
  callMs: number,
): BoundedSource<T> {
  const { list, checkIns, devices, hardware, verdicts, noncompliant, hints, address } = source;
  let tickEnds = Number.POSITIVE_INFINITY;

  function within<Answer>(work: Promise<Answer>, mostMs = callMs): Promise<Answer> {
    const limitMs = Math.min(mostMs, Math.max(tickEnds - timer.elapsed(), LEAST_MS));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const cancel = timer.after(limitMs, () => reject(tooLate(limitMs).of(source.name)));
    work.then(resolve, (thrown) => reject(thrown instanceof SourceError ? thrown.of(source.name) : thrown));
    return promise.finally(cancel);
  }

  /** No answer in time is no answer about any of them. */
  async function each<Reading extends { readonly kind: string }>(
    ids: readonly string[],
    work: Promise<readonly Reading[]>,
  ): Promise<readonly (Reading | Failed)[]> {
    const requestedAt = clock.now().toISOString();
    try {
      const readings = await within(work);
      for (const reading of readings) if (isFailed(reading)) reading.error.of(source.name);
      return readings;
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      return ids.map((id) => ({ id, requestedAt, kind: 'failed', error: thrown }));
    }
  }

  return {
    ...source,
    list: list && { listDevices: (cursor) => within(list.listDevices(cursor)) },
    checkIns: checkIns && {
      listCheckedInSince: (since: Instant, cursor: string | undefined) =>
        within(checkIns.listCheckedInSince(since, cursor)),
    },
    devices: devices && { readDevices: (ids: readonly string[]) => each<DeviceReading>(ids, devices.readDevices(ids)) },
    hardware: hardware && {
      batchSize: hardware.batchSize,
      batchesPerTick: hardware.batchesPerTick,
      readHardware: (ids: readonly string[]) => each<HardwareReading>(ids, hardware.readHardware(ids)),
    },
    verdicts: verdicts && {
      pace: verdicts.pace,
      atOnce: verdicts.atOnce,
      readByDeviceId: (id, options) => within(verdicts.readByDeviceId(id, options)),
      readByMac: (mac, options) => within(verdicts.readByMac(mac, options)),
    },
    noncompliant: noncompliant && {
      leastIntervalMs: noncompliant.leastIntervalMs,
      spreadMs: noncompliant.spreadMs,
      listNoncompliant: (cursor) => within(noncompliant.listNoncompliant(cursor)),
    },
    hints: hints && { read: (link) => within(hints.read(link)) },
    address: address && { locate: () => within(address.locate(), Math.min(LOCATE_MS, callMs)) },
    beginTick(budgetMs: number) {
      tickEnds = timer.elapsed() + budgetMs;
    },
  };
}

type Failed = DeviceReading & HardwareReading & { readonly kind: 'failed' };

function isFailed(reading: { readonly kind: string }): reading is Failed {
  return reading.kind === 'failed';
}

function tooLate(limitMs: number): SourceError {
  return new SourceError('NAC_SOURCE_UNREACHABLE', `There was no answer within ${Math.round(limitMs / 1000)} s.`, {
    action:
      'It is asked again by itself. `npm run doctor` shows which address does not answer; see HTTPS_READ_TIMEOUT.',
  });
}
