// One tick of the poll's timer: a share of the time a function may run, given to the tasks in order of their weight.
//
//   what a person released -> the sweep -> devices that changed -> devices to be read again -> Ethernet MAC and UDID
//
// Each has its own lease, so that a long sweep elsewhere holds nothing up. Nothing else is asked of a source that has just failed
// or asked us to wait.

import { addMilliseconds, toInstant } from '../domain/instant.ts';
import type { DeviceReader } from '../ports/device-reader.ts';
import type { TaskTime } from './background-task.ts';
import { type ChangedDevicesDeps, runChangedDevices } from './changed-devices.ts';
import { runHardware } from './hardware.ts';
import { runReadAgain } from './read-again.ts';
import { applyReleases } from './release-held.ts';
import { runSweepSlice, type SliceResult } from './sweep.ts';
import type { SweepLimits } from './sweep-deps.ts';

export interface TickLimits extends SweepLimits {
  /** Absent: changes are found by sweeps alone. */
  readonly changedDevicesIntervalMs: number | undefined;
  /** Absent: Ethernet MAC and UDID are not fetched. */
  readonly hardwareMaxAgeMs: number | undefined;
}

export type TickDeps = ChangedDevicesDeps & { readonly reader: DeviceReader };

/** @returns how the sweep went */
export async function runTick(deps: TickDeps, limits: TickLimits): Promise<SliceResult> {
  const startedAt = toInstant(deps.clock.now());
  const time: TaskTime = { until: addMilliseconds(startedAt, limits.sliceBudgetMs), leaseMs: limits.leaseMs };
  const hasTime = (): boolean => toInstant(deps.clock.now()) < time.until;
  await applyReleases(deps);
  const result = await runSweepSlice(deps, limits);
  if (result.kind === 'failed' || result.kind === 'waiting') return result;
  const { changedDevicesIntervalMs, hardwareMaxAgeMs } = limits;
  const tasks = [
    () => changedDevicesIntervalMs && runChangedDevices(deps, { ...limits, changedDevicesIntervalMs }, time),
    () => runReadAgain(deps, deps.reader, limits, time),
    () => hardwareMaxAgeMs && runHardware(deps, deps.reader, hardwareMaxAgeMs, time),
  ];
  for (const run of tasks) {
    if (!hasTime()) break;
    const task = await run();
    if (task && task.kind === 'failed') break;
  }
  return result;
}
