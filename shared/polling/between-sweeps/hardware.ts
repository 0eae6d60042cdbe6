// Ethernet MAC and UDID, which a source's lists may leave out: fetched device by device, so many in a batch, so many
// batches a tick. A walk through the records finds the devices that need it; a new device waits for it.

import { type DeviceKey, SHARDS } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import type { HardwareReads } from '../../ports/device-reader.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import { type DispatchDeps, dispatchChanges, redispatchPending } from '../records/dispatch-changes.ts';
import { planHardware } from '../records/plan-device-write.ts';
import { type SaveDeps, saveDevices } from '../records/save-devices.ts';
import {
  type AskingTaskDeps,
  type LeasedTask,
  runTask,
  type TaskResult,
  type TaskState,
  type TaskTime,
} from '../tasks/background-task.ts';

export const HARDWARE_TASK = 'hardware';
/** After a walk through the whole fleet. */
const REST_MS = 15 * 60_000;
/** Pages of records of one tick. */
const PAGES_PER_TICK = 20;

const FIRST_SHARD = '0';

interface HardwareState extends TaskState {
  readonly shard?: string;
  /** The last record that was looked at; absent at the start of the shard. */
  readonly after?: DeviceKey;
}

export interface HardwareDeps extends AskingTaskDeps, SaveDeps, DispatchDeps {
  readonly source: { readonly name: string; readonly hardware: HardwareReads };
}

/** @param maxAgeMs what was fetched longer ago is fetched again */
export async function runHardware(deps: HardwareDeps, maxAgeMs: number, time: TaskTime): Promise<TaskResult> {
  const { name, hardware } = deps.source;
  const { batchSize, batchesPerTick } = hardware;
  const olderThan = addMilliseconds(toInstant(deps.clock.now()), -maxAgeMs);
  return runTask<HardwareState>(deps, HARDWARE_TASK, time, {}, async (inFlight) => {
    if (inFlight.resumed) await redispatchPending(deps);
    let { state } = inFlight;
    let batches = 0;
    for (let pages = 0; pages < PAGES_PER_TICK && inFlight.hasTime() && batches < batchesPerTick; pages++) {
      const shard = state.shard ?? FIRST_SHARD;
      const { records, more } = await deps.devices.listRecords(shard, state.after);
      const wanting = records.filter((record) => needsHardware(record, name, olderThan));
      for (let start = 0; start < wanting.length; start += batchSize) {
        if (batches === batchesPerTick || !inFlight.hasTime()) return state;
        batches += 1;
        const batch = wanting.slice(start, start + batchSize);
        await fetchBatch(deps, hardware, batch);
        const after = batch.at(-1)?.device;
        if (after) state = await moveOn(inFlight, { ...state, shard, after: { source: after.source, id: after.id } });
      }
      const last = records.at(-1)?.device;
      if (more && last) {
        state = { ...state, shard, after: { source: last.source, id: last.id } };
        continue;
      }
      const { after, ...rest } = state;
      state = { ...rest, shard: nextShard(shard) };
      if (state.shard === FIRST_SHARD) return { ...state, notBefore: restUntil(deps) };
    }
    return state;
  });
}

function needsHardware({ presence, device, hardwareAt }: StoredDevice, source: string, olderThan: Instant): boolean {
  return presence === 'present' && device.source === source && (hardwareAt ?? '') < olderThan;
}

async function fetchBatch(deps: HardwareDeps, reader: HardwareReads, batch: readonly StoredDevice[]): Promise<void> {
  const byId = new Map(batch.map(({ device }) => [device.id, device]));
  const readings = await reader.readHardware([...byId.keys()]);
  // A device that is not there any more is the sweep's business.
  const found = readings.flatMap((reading) => {
    const key = byId.get(reading.id);
    return key && reading.kind === 'found' ? [{ key, reading }] : [];
  });
  const errors = readings.flatMap((reading) => (reading.kind === 'failed' ? [reading.error] : []));
  const saved = await saveDevices(
    deps,
    found.map(({ key, reading }) => ({
      key,
      plan: (stored) => planHardware(stored, reading, reading.requestedAt),
    })),
  );
  await dispatchChanges(deps, saved.changes);
  // The source asks to slow down: no more questions now. A failure for another reason may be about one device alone.
  const refusal =
    errors.find(({ code }) => code === 'NAC_SOURCE_THROTTLED') ?? (found.length === 0 ? errors[0] : undefined);
  if (refusal !== undefined) throw refusal;
}

async function moveOn(inFlight: LeasedTask<HardwareState>, state: HardwareState): Promise<HardwareState> {
  await inFlight.checkpoint(state);
  return state;
}

function restUntil({ clock }: HardwareDeps): Instant {
  return addMilliseconds(toInstant(clock.now()), REST_MS);
}

function nextShard(shard: string): string {
  const names: readonly string[] = SHARDS;
  return names[names.indexOf(shard) + 1] ?? FIRST_SHARD;
}
