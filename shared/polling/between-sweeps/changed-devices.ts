// Between sweeps: devices that checked in since last time, and devices whose compliance a directory says has changed.
//
//   check-ins since the watermark, with overlap -> was the answer filtered? -> save -> the watermark moves on
//   the directory's changes -> which devices hold that id -> have them read by themselves -> the delta link moves on
//
// Both are the fast path only: the sweep finds what they miss. Whether a change without a check-in (a grace period
// that ends) moves the time of the check-in is not documented, so such devices are read when their time comes.

import { type DeviceKey, deviceKeyText, graceEndOf, parseDeviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { CheckedInPage } from '../../ports/device-reader.ts';
import type { DirectoryChange } from '../../ports/directory-changes.ts';
import type { MdmSource } from '../../ports/mdm-source.ts';
import { type PointReading, seenDevice } from '../point-reads/point-reads.ts';
import type { SweepLimits } from '../poll-deps.ts';
import { redispatchPending } from '../records/dispatch-changes.ts';
import { requestSweep } from '../sweep/request-sweep.ts';
import {
  type AskingTaskDeps,
  type LeasedTask,
  runTask,
  type TaskResult,
  type TaskState,
  type TaskTime,
} from '../tasks/background-task.ts';
import { asksToSlowDown } from '../tasks/sweep-schedule.ts';
import { type ObservationDeps, saveObservations } from './save-observations.ts';
import { graceReadingAt, recheckSoon, scheduleReads } from './scheduled-reads.ts';

export const CHANGED_DEVICES_TASK = 'changed-devices';
/** Check-ins are stamped by another clock, and appear in lists a moment later. */
const OVERLAP_MS = 5 * 60_000;
/** Pages of one tick; the next one goes on where it ended. */
const MOST_PAGES = 20;
/** After this many failures in a row on one page its link is given up, and the look begins again at its first page. */
const FAILURES_UNTIL_FIRST_PAGE = 3;
/** A tick comes to this task sooner or later than the one before: none is left out for it. */
const TICK_SPREAD_MS = 15_000;
const MOST_DELTA_PAGES = 20;
/** After an answer that was not filtered, the source is not asked for this long. */
const FILTER_SUSPENDED_MS = 24 * 3_600_000;
/** However much the source throttles. */
const LARGEST_INTERVAL_FACTOR = 8;

export interface ChangedDevicesState extends TaskState {
  /** Everything that checked in before this was read. Absent, or older: begin at the newest complete sweep. */
  readonly watermark?: Instant;
  /** A look that one tick did not end: what it asked for, when it began, and where it goes on. */
  readonly under?: { readonly since: Instant; readonly startedAt: Instant; readonly cursor: string };
  /** The source ignored the filter: not asked again before this. */
  readonly distrustedUntil?: Instant;
  readonly deltaLink?: string;
  /** The directory's link was too old: everything is to be read once. */
  readonly wantsSweep?: boolean;
  /** How many times the interval lies between two passes now. */
  readonly stretch?: number;
}

export interface ChangedDevicesDeps extends ObservationDeps, AskingTaskDeps {
  /** Either of both, or both. */
  readonly source: Pick<MdmSource, 'name' | 'checkIns' | 'hints'>;
}

export interface ChangedDevicesLimits extends Pick<SweepLimits, 'massChange' | 'answersDiffer'> {
  readonly changedDevicesIntervalMs: number;
}

type Lease = LeasedTask<ChangedDevicesState>;

/** One pass, if one is due and a complete sweep has been. */
export async function runChangedDevices(
  deps: ChangedDevicesDeps,
  limits: ChangedDevicesLimits,
  time: TaskTime,
): Promise<TaskResult> {
  const { state: sweep } = await deps.sweeps.read();
  const baseline = sweep.lastComplete?.startedAt;
  if (baseline === undefined) return { kind: 'not-due' };
  const pass = async (inFlight: Lease): Promise<ChangedDevicesState> => {
    if (inFlight.resumed) await redispatchPending(deps);
    const startedAt = toInstant(deps.clock.now());
    const checkedIn = await readCheckIns(deps, limits, inFlight, baseline);
    const { stretch = 1, ...state } = await readDirectory(deps, inFlight, checkedIn);
    const intervalMs = limits.changedDevicesIntervalMs * stretch;
    const notBefore = addMilliseconds(startedAt, intervalMs - Math.min(intervalMs / 4, TICK_SPREAD_MS));
    // Back by half after every pass that went well.
    return { ...state, stretch: Math.max(1, stretch / 2), notBefore };
  };
  return runTask<ChangedDevicesState>(deps, CHANGED_DEVICES_TASK, time, {}, pass, slower);
}

async function readCheckIns(
  deps: ChangedDevicesDeps,
  limits: ChangedDevicesLimits,
  { state, owner, hasTime }: Lease,
  baseline: Instant,
): Promise<ChangedDevicesState> {
  const now = toInstant(deps.clock.now());
  const { checkIns } = deps.source;
  if (checkIns === undefined) return state;
  if ((state.distrustedUntil ?? '') > now) return state;
  // What a complete sweep that began later has read need not be read any more.
  const under = state.under !== undefined && state.under.startedAt > baseline ? state.under : undefined;
  // A complete sweep has read what checked in before it.
  const since = under?.since ?? addMilliseconds(laterOf(state.watermark, baseline), -OVERLAP_MS);
  const seen: PointReading[] = [];
  const graceTimes = new Map<string, Instant>();
  let firstRequestAt = under?.startedAt;
  let cursor = under?.cursor;
  let page: CheckedInPage | undefined;
  for (let pages = 0; pages < MOST_PAGES && hasTime(); pages++) {
    page = await checkIns.listCheckedInSince(since, cursor);
    if (!page.filtered) return suspendFilter(deps, state, now);
    firstRequestAt ??= page.requestedAt;
    for (const device of page.devices) {
      seen.push(seenDevice(device, page.requestedAt));
      const at = graceReadingAt(graceEndOf(device), now);
      if (at !== undefined) graceTimes.set(deviceKeyText(device), at);
    }
    const before = cursor;
    cursor = page.nextCursor;
    if (cursor === undefined) break;
    // A link that leads to itself: the look begins again.
    if (cursor === before) return withoutLook(state);
  }
  const { written, held } = await saveObservations(deps, limits, seen, owner);
  await scheduleReads(deps.tasks, graceTimes);
  if (written + held > 0) deps.log.info('poll.changed', { checkedIn: seen.length, written, held });
  if (page === undefined || firstRequestAt === undefined) return state;
  const { under: _, ...rest } = state;
  // The look moves on after any number of check-ins: the next one finds what comes in meanwhile.
  if (cursor !== undefined) return { ...rest, under: { since, startedAt: firstRequestAt, cursor } };
  return { ...rest, watermark: firstRequestAt };
}

function laterOf(watermark: Instant | undefined, baseline: Instant): Instant {
  return watermark !== undefined && watermark > baseline ? watermark : baseline;
}

/** A source may answer a filter that it does not support with everything, silently: then nothing is known. */
function suspendFilter(deps: ChangedDevicesDeps, state: ChangedDevicesState, now: Instant): ChangedDevicesState {
  const distrustedUntil = addMilliseconds(now, FILTER_SUSPENDED_MS);
  deps.log.error('poll.filter-ignored', {
    code: 'NAC_SOURCE_PAGE',
    filter: 'checked in since',
    until: distrustedUntil,
    action: 'Changes are found by sweeps alone until then; shorten POLLING_INTERVAL if that is too slow.',
  });
  const { watermark, under, ...rest } = state;
  return { ...rest, distrustedUntil };
}

async function readDirectory(
  deps: ChangedDevicesDeps,
  { hasTime, checkpoint }: Lease,
  before: ChangedDevicesState,
): Promise<ChangedDevicesState> {
  const {
    source: { hints: directory },
    sweeps,
    tasks,
    clock,
  } = deps;
  if (directory === undefined) return before;
  let state = before;
  if (state.wantsSweep && (await requestSweep(sweeps))) state = { ...state, wantsSweep: false };
  for (let pages = 0; pages < MOST_DELTA_PAGES && hasTime(); pages++) {
    const page = await directory.read(state.deltaLink).catch(expired);
    if (page === 'expired') {
      deps.log.warn('poll.delta-expired', { code: 'NAC_SOURCE_DELTA_EXPIRED' });
      const { deltaLink, ...rest } = state;
      // A new link first, then the sweep: what happens in between is under both.
      state = { ...rest, wantsSweep: true };
      await checkpoint(state);
      continue;
    }
    await recheckSoon(tasks, await devicesOf(deps, page.changes), toInstant(clock.now()));
    if (page.incomplete) state = { ...state, wantsSweep: true };
    state = { ...state, deltaLink: page.nextLink ?? page.deltaLink ?? '' };
    await checkpoint(state);
    if (page.nextLink === undefined) break;
  }
  if (state.wantsSweep && state.deltaLink !== undefined && (await requestSweep(sweeps))) {
    state = { ...state, wantsSweep: false };
  }
  return state;
}

function expired(thrown: unknown): 'expired' {
  if (thrown instanceof SourceError && thrown.code === 'NAC_SOURCE_DELTA_EXPIRED') return 'expired';
  throw thrown;
}

/** Of a directory that is the source itself, removed ones, too: a read of each proves that it is gone. */
async function devicesOf(deps: ChangedDevicesDeps, changes: readonly DirectoryChange[]): Promise<DeviceKey[]> {
  const source = deps.source.name;
  const own = [...new Set(changes.flatMap(({ id }) => id ?? []))].map((id) => ({ source, id }));
  const others = changes.filter(({ id, removed }) => id === undefined && !removed);
  const hints = others.flatMap(({ entraDeviceId }) => entraDeviceId ?? []);
  return [...own, ...(await ownersOf(deps, hints))];
}

async function ownersOf(
  { identities, source }: ChangedDevicesDeps,
  entraDeviceIds: readonly string[],
): Promise<DeviceKey[]> {
  const keys = new Set<string>();
  for (const value of new Set(entraDeviceIds)) {
    const { devices } = await identities.readOwners({ kind: 'entraDeviceId', value }, { fresh: true });
    for (const device of devices) keys.add(device);
  }
  return [...keys].map(parseDeviceKeyText).filter((key) => key.source === source.name);
}

function withoutLook({ under, ...state }: ChangedDevicesState): ChangedDevicesState {
  return state;
}

/**
 * The interval adapts: twice as long after a pass that was asked to slow down. A link that fails and fails is given up.
 */
function slower(before: ChangedDevicesState, error: SourceError): ChangedDevicesState {
  const isGivenUp = ((before.failures ?? 0) + 1) % FAILURES_UNTIL_FIRST_PAGE === 0;
  const state = isGivenUp ? withoutLook(before) : before;
  if (!asksToSlowDown(error)) return state;
  return { ...state, stretch: Math.min((state.stretch ?? 1) * 2, LARGEST_INTERVAL_FACTOR) };
}
