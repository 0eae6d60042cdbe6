// Devices to be read again at a set time: when their grace period ends, when a directory says that something changed,
// or because a user waits for them. One row of the task store holds them, the nearest first.

import { type DeviceKey, deviceKeyText, parseDeviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { DeviceReading, DeviceReads } from '../../ports/device-reader.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import { ofDevice } from '../point-reads/point-reads.ts';
import type { SweepLimits } from '../poll-deps.ts';
import { redispatchPending } from '../records/dispatch-changes.ts';
import {
  type AskingTaskDeps,
  runTask,
  type TaskResult,
  type TaskState,
  type TaskTime,
} from '../tasks/background-task.ts';
import { type ObservationDeps, saveObservations } from './save-observations.ts';

export const READ_AGAIN_TASK = 'read-again';
/** As many as fit into the row; the next sweep finds the devices that do not. */
const MOST_ENTRIES = 4_000;
/** Point reads of one tick, in batches of twenty. */
const READS_PER_TICK = 200;
/** The source needs a moment to notice that a grace period is over. */
const GRACE_MARGIN_MS = 60_000;
/** A device that still stands as it did is asked again after this long, twice as long each time. */
const FIRST_REPEAT_MS = 60_000;
const MOST_READS = 6;
/** Sweeps come far more often: what lies further ahead is noted by a later one. */
const GRACE_HORIZON_MS = 24 * 3_600_000;
const ATTEMPTS = 5;

interface ReadAgainState extends TaskState {
  /** By device: when, and how often it was read for this reason already. */
  readonly entries: Readonly<Record<string, readonly [at: Instant, reads: number]>>;
}

const NOTHING: ReadAgainState = { entries: {} };

/**
 * Has devices read again at once, and every minute or so until they stand otherwise or enough was asked. For devices
 * that a user may be waiting for: one in quarantine that asks, or one that a directory gives a hint of.
 */
export async function recheckSoon(tasks: TaskStore, keys: readonly DeviceKey[], now: Instant): Promise<void> {
  await scheduleReads(tasks, new Map(keys.map((key) => [deviceKeyText(key), now])));
}

/**
 * When a device in its grace period is to be read again; `undefined` for one that is far off, or over.
 * @param graceExpiresAt of a device that is in it
 */
export function graceReadingAt(graceExpiresAt: Instant | undefined, now: Instant): Instant | undefined {
  if (graceExpiresAt === undefined) return undefined;
  const at = addMilliseconds(graceExpiresAt, GRACE_MARGIN_MS);
  return at > now && at < addMilliseconds(now, GRACE_HORIZON_MS) ? at : undefined;
}

/** Costs no write when all of them are noted already. @param times by device */
export async function scheduleReads(tasks: TaskStore, times: ReadonlyMap<string, Instant>): Promise<void> {
  if (times.size === 0) return;
  for (let attempt = 1; ; attempt++) {
    const { state = NOTHING, etag } = await tasks.read<ReadAgainState>(READ_AGAIN_TASK);
    const fresh = [...times].filter(([device, at]) => isNews(state.entries[device], at));
    if (fresh.length === 0) return;
    const entries = {
      ...state.entries,
      ...Object.fromEntries(fresh.map(([device, at]) => [device, [at, 0] as const])),
    };
    try {
      await tasks.write(READ_AGAIN_TASK, { ...state, entries: nearest(entries) }, etag);
      return;
    } catch (thrown) {
      if (!(thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST')) throw thrown;
      // Others were faster each time: the next sweep meets these devices anyway.
      if (attempt === ATTEMPTS) return;
    }
  }
}

/** An entry that comes earlier serves both; a grace period is noted again by every sweep. */
function isNews(entry: readonly [Instant, number] | undefined, at: Instant): boolean {
  return entry === undefined || entry[0] > at;
}

function nearest(entries: ReadAgainState['entries']): ReadAgainState['entries'] {
  const sorted = Object.entries(entries).sort(([, [a]], [, [b]]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST_ENTRIES));
}

/** Reads what is due. */
export async function runScheduledReads(
  deps: ObservationDeps & AskingTaskDeps & { readonly source: { readonly devices: DeviceReads } },
  limits: Pick<SweepLimits, 'massChange' | 'answersDiffer'>,
  time: TaskTime,
): Promise<TaskResult> {
  const { state } = await deps.tasks.read<ReadAgainState>(READ_AGAIN_TASK);
  const now = toInstant(deps.clock.now());
  if (!Object.values(state?.entries ?? {}).some(([at]) => at <= now)) return { kind: 'not-due' };
  return runTask<ReadAgainState>(deps, READ_AGAIN_TASK, time, NOTHING, async (inFlight) => {
    if (inFlight.resumed) await redispatchPending(deps);
    const { entries, ...rest } = inFlight.state;
    const due = dueNow(entries, now);
    const before = await deps.devices.readMany([...due.values()]);
    const readings = await deps.source.devices.readDevices([...due.keys()]);
    const failed = readings.find((reading) => reading.kind === 'failed');
    if (failed?.kind === 'failed' && readings.every(({ kind }) => kind === 'failed')) throw failed.error;
    await saveObservations(deps, limits, readings.map(ofDevice), inFlight.owner);
    return { ...rest, entries: nextEntries(entries, readings, due, before, now) };
  });
}

/** Keys by the id the source knows. */
type DueDevices = ReadonlyMap<string, DeviceKey>;

function dueNow(entries: ReadAgainState['entries'], now: Instant): DueDevices {
  const due = Object.entries(entries).filter(([, [at]]) => at <= now);
  const first = due.sort(([, [a]], [, [b]]) => (a < b ? -1 : 1)).slice(0, READS_PER_TICK);
  return new Map(first.map(([device]) => parseDeviceKeyText(device)).map((key) => [key.id, key]));
}

/** A device that stands as before is asked again later, a few times; one whose read failed stays due. */
function nextEntries(
  entries: ReadAgainState['entries'],
  readings: readonly DeviceReading[],
  due: DueDevices,
  before: ReadonlyMap<string, StoredDevice>,
  now: Instant,
): ReadAgainState['entries'] {
  const after: Record<string, readonly [Instant, number]> = { ...entries };
  for (const reading of readings) {
    const key = due.get(reading.id);
    if (key === undefined || reading.kind === 'failed') continue;
    const text = deviceKeyText(key);
    const reads = (entries[text]?.[1] ?? 0) + 1;
    delete after[text];
    if (reading.kind === 'absent' || reads === MOST_READS) continue;
    const stands = before.get(text)?.device.complianceState === reading.device.complianceState;
    if (stands) after[text] = [addMilliseconds(now, FIRST_REPEAT_MS * 2 ** (reads - 1)), reads];
  }
  return after;
}
