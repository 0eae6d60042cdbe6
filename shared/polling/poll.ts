// One tick of the poll's timer: a share of the time a function may run, given to the tasks in order of their weight.
//
//   changes that are left, and what a person released -> the sweep -> devices that changed -> devices to be read again
//   -> Ethernet MAC and UDID
//
// Each has its own lease, so that a long sweep elsewhere holds nothing up. Nothing else is asked of a source that has
// just failed or asked us to wait.

import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { StoreError } from '../errors.ts';
import type { DeviceReader } from '../ports/device-reader.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type ChangedDevicesDeps, runChangedDevices } from './between-sweeps/changed-devices.ts';
import { runHardware } from './between-sweeps/hardware.ts';
import { runReadAgain } from './between-sweeps/scheduled-reads.ts';
import { applyReleases } from './breaker/release-held.ts';
import type { SweepLimits } from './poll-deps.ts';
import { runSweepSlice, type SliceResult } from './sweep/sweep.ts';
import type { TaskTime } from './tasks/background-task.ts';

export interface TickLimits extends SweepLimits {
  /** Absent: changes are found by sweeps alone. */
  readonly changedDevicesIntervalMs: number | undefined;
  /** Absent: Ethernet MAC and UDID are not fetched. */
  readonly hardwareMaxAgeMs: number | undefined;
}

export type TickDeps = ChangedDevicesDeps & { readonly reader: DeviceReader };

/** After a slice that took longer than its share, so long at most: the host ends a function that takes too long. */
const MOST_RESERVED_MS = 15_000;
/** Of a tick's time, what the tasks between sweeps have at least, while a sweep takes several slices. */
const RESERVED_SHARE = 0.25;

const ROW_CODES: ReadonlySet<string> = new Set(['NAC_STORE_ROW', 'NAC_STORE_STATE']);

/** @returns how the sweep went */
export async function runTick(timeless: TickDeps, limits: TickLimits): Promise<SliceResult> {
  const startedAt = toInstant(timeless.clock.now());
  const { sliceBudgetMs, leaseMs } = limits;
  const reservedMs = sliceBudgetMs * RESERVED_SHARE;
  let until = addMilliseconds(startedAt, sliceBudgetMs);
  const hasTime = (): boolean => !timeless.stopping?.aborted && toInstant(timeless.clock.now()) < until;
  const deps = { ...timeless, hasTime };
  await passingOver(deps.log, () => applyReleases(deps));
  const result = await runSweepSlice(deps, { ...limits, sliceBudgetMs: sliceBudgetMs - reservedMs });
  if (result.kind === 'waiting' || isOfSource(result)) return result;
  // The slice ends with the pages that it has: those after it have their share all the same.
  until = laterOf(until, addMilliseconds(toInstant(deps.clock.now()), Math.min(reservedMs, MOST_RESERVED_MS)));
  const time: TaskTime = { until, leaseMs };
  const { changedDevicesIntervalMs, hardwareMaxAgeMs } = limits;
  const tasks = [
    () => changedDevicesIntervalMs && runChangedDevices(deps, { ...limits, changedDevicesIntervalMs }, time),
    () => runReadAgain(deps, deps.reader, limits, time),
    () => hardwareMaxAgeMs && runHardware(deps, deps.reader, hardwareMaxAgeMs, time),
  ];
  for (const run of tasks) {
    if (!hasTime()) break;
    const task = await passingOver(deps.log, run);
    if (task && task.kind === 'failed') break;
  }
  return result;
}

/** A sweep whose index is full fails by itself: what changes between sweeps is found all the same. */
function isOfSource(result: SliceResult): boolean {
  return result.kind === 'failed' && !(result.error instanceof StoreError);
}

/** One row that cannot be read or written does not stop the rest of the poll. */
async function passingOver<T>(log: Logger, run: () => Promise<T> | 0 | undefined): Promise<T | 0 | undefined> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || !ROW_CODES.has(thrown.code)) throw thrown;
    const { code, message, action } = thrown;
    log.error('poll.row-passed-over', { code, message, action });
    return undefined;
  }
}

function laterOf(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}
