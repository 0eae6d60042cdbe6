// Bounds everything that the poll asks of Microsoft. Each call has a deadline for all that it waits for (a token, the
// address of the service, a slow proxy, an answer that never comes), and all calls of a tick together have one, too.
// The transport's deadlines are for one request each; a call may make several, and the host ends a function that takes
// too long.

import { SourceError } from '../../errors.ts';
import type { DeviceReading, HardwareReading } from '../../ports/device-reader.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import type { IntuneAccess } from './open-intune-source.ts';

/** Lookups go on with the last address that was found: nothing else of a tick waits longer for it. */
const LOCATE_MS = 15_000;
/** At least this time even late in a tick: a healthy source answers within it. */
const LEAST_MS = 1_000;

export interface BoundedAccess extends IntuneAccess {
  /** Calls that are begun from now on end within so many milliseconds; those before keep their time. */
  beginTick(budgetMs: number): void;
}

/** @param callMs milliseconds for one call with all that it waits for */
export function boundedAccess(
  access: IntuneAccess,
  clock: { readonly now: () => Date },
  timer: Stopwatch,
  callMs: number,
): BoundedAccess {
  const { source, reader, directory, retrieval, services } = access;
  let tickEnds = Number.POSITIVE_INFINITY;

  function within<T>(work: Promise<T>, mostMs = callMs): Promise<T> {
    const limitMs = Math.min(mostMs, Math.max(tickEnds - timer.elapsed(), LEAST_MS));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const cancel = timer.after(limitMs, () => reject(tooLate(limitMs)));
    work.then(resolve, reject);
    return promise.finally(cancel);
  }

  /** No answer in time is no answer about any of them. */
  async function each<T>(ids: readonly string[], work: Promise<readonly T[]>): Promise<readonly (T | Failed)[]> {
    const requestedAt = clock.now().toISOString();
    try {
      return await within(work);
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      return ids.map((id) => ({ id, requestedAt, kind: 'failed', error: thrown }));
    }
  }

  return {
    ...access,
    source: { name: source.name, listDevices: (cursor) => within(source.listDevices(cursor)) },
    reader: {
      listCheckedInSince: (since, cursor) => within(reader.listCheckedInSince(since, cursor)),
      readDevices: (ids) => each<DeviceReading>(ids, reader.readDevices(ids)),
      readHardware: (ids) => each<HardwareReading>(ids, reader.readHardware(ids)),
    },
    directory: { read: (link) => within(directory.read(link)) },
    retrieval: {
      readByDeviceId: (id, options) => within(retrieval.readByDeviceId(id, options)),
      readByMac: (mac, options) => within(retrieval.readByMac(mac, options)),
      listNoncompliant: (cursor) => within(retrieval.listNoncompliant(cursor)),
    },
    services: { locate: () => within(services.locate(), Math.min(LOCATE_MS, callMs)) },
    beginTick(budgetMs) {
      tickEnds = timer.elapsed() + budgetMs;
    },
  };
}

type Failed = DeviceReading & HardwareReading & { readonly kind: 'failed' };

function tooLate(limitMs: number): SourceError {
  return new SourceError('NAC_SOURCE_UNREACHABLE', `Microsoft did not answer within ${Math.round(limitMs / 1000)} s.`, {
    action:
      'It is asked again by itself. `npm run doctor` shows which address does not answer; see HTTPS_READ_TIMEOUT.',
  });
}
