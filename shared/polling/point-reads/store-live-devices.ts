// Sessions that rest on no stored record: their devices are read in the background and stored, so that the next answer
// comes without a live query, and changes of the device reach the session.
//
//   is it time? -> sessions without record since last time, two hours of them at once -> read their devices -> save
//   -> decide those sessions again

import { deviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../../domain/instant.ts';
import type { Session } from '../../domain/session/session.ts';
import type { SourceError } from '../../errors.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import type { SourceName } from '../../ports/mdm-source.ts';
import type { AnsweredWithin, SessionStore } from '../../ports/session-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { redispatchPending } from '../records/dispatch-changes.ts';
import { countThrottled } from '../tasks/count-run.ts';
import { type NoLease, readTask, type TaskDeps, type TaskLease, withTask } from '../tasks/leased-task.ts';
import { retryAfterFailure } from '../tasks/sweep-schedule.ts';
import { inTurnBySite, MOST_ADDRESSES } from './address-budget.ts';
import { isOfOneDevice, type PointReading, type PointReads, type PointTarget } from './point-reads.ts';
import { idOf, type SavePointReadsDeps, savePointReads } from './save-point-reads.ts';
import { sessionTarget } from './session-target.ts';

export const STORE_LIVE_TASK = 'store-live-devices';

/** Sessions are written up to this long after they were decided, by clocks that may differ. */
const OVERLAP_MS = 60_000;
/** How far back the first look goes, and the first after a long rest. */
const FURTHEST_BACK_MS = 24 * 60 * 60_000;
const LARGEST_READ = 200;
/** Answers of so long a time are looked at together: with what bounds new stations, at most some ten thousand. */
const LONGEST_RANGE_MS = 2 * 60 * 60_000;
const MOVE_ON_AFTER_MS = 15 * 60_000;
const MOST_ABSENT = 5_000;
/** A device that the source did not know is asked about again after this long at the earliest. */
const ASK_AGAIN_MS = 10 * 60_000;

export interface StoreLiveState {
  /** Sessions decided before this are done. */
  readonly since?: Instant;
  readonly failures: number;
  readonly retryAt?: Instant;
  /** Devices the source did not know, and until when that is good enough. */
  readonly absent: readonly (readonly [id: string, until: Instant])[];
}

export interface StoreLiveDeps extends TaskDeps, SavePointReadsDeps {
  readonly source: SourceName;
  readonly sessions: SessionStore;
  readonly devices: DeviceStore;
  readonly reads: PointReads;
  /** A session that rested on no record, and may be answered otherwise now. */
  readonly onAnswerable: (session: Session) => Promise<void>;
  readonly log: Logger;
}

export interface StoreLiveResult {
  readonly read: number;
  readonly stored: number;
  readonly absent: number;
  readonly failed: number;
  /** Addresses beyond the budget: they are asked about when their stations ask again. */
  readonly passedBy: number;
}

const INITIAL: StoreLiveState = { failures: 0, absent: [] };

/** Costs two reads and no write while no session waits, and one write every quarter of an hour. */
export async function storeLiveDevices(
  deps: StoreLiveDeps,
  limits: { readonly leaseMs: number; readonly budgetMs: number },
): Promise<StoreLiveResult | NoLease> {
  const { state = INITIAL } = await readTask<StoreLiveState>(deps.tasks, STORE_LIVE_TASK);
  const isDue = ({ retryAt }: StoreLiveState, now: Instant): boolean => retryAt === undefined || retryAt <= now;
  const now = toInstant(deps.clock.now());
  if (!isDue(state, now)) return 'idle';
  const range = nextRange(state, now);
  // Sessions of which none waits are passed by now and then: else each tick would look at all of them.
  const isShort = range.until === undefined && millisecondsBetween(range.since, now) < MOVE_ON_AFTER_MS;
  const isQuiet = isShort
    ? (await waitingAt(deps, state, range, now)).length === 0
    : !(await isAnyAnswered(deps, range.since));
  if (isQuiet) return 'idle';
  const task = { name: STORE_LIVE_TASK, initial: INITIAL, leaseMs: limits.leaseMs };
  return withTask(deps, task, isDue, (held) => work(deps, held, limits.budgetMs));
}

/** Range by range, each with a checkpoint at its end, up to now. */
async function work(deps: StoreLiveDeps, task: TaskLease<StoreLiveState>, budgetMs: number): Promise<StoreLiveResult> {
  const startedAt = toInstant(deps.clock.now());
  const hasTime = (): boolean =>
    !deps.stopping?.aborted && deps.clock.now().getTime() - Date.parse(startedAt) < budgetMs;
  const total = { read: 0, stored: 0, absent: 0, failed: 0, passedBy: 0 };
  let addressesLeft = MOST_ADDRESSES;
  let isNow = false;
  if (task.resumed) await redispatchPending(deps);
  while (!isNow) {
    const range = nextRange(task.state, startedAt);
    isNow = range.until === undefined;
    const absent = new Map(task.state.absent.filter(([, until]) => until > startedAt));
    const waiting = await waitingAt(deps, task.state, range, startedAt);
    const due = withinBudget(waiting, addressesLeft);
    total.passedBy += waiting.length - due.length;
    addressesLeft -= due.filter(isAddress).length;
    let error: SourceError | undefined;
    let isDone = true;
    for (let start = 0; start < due.length && error === undefined; start += LARGEST_READ) {
      isDone = start === 0 || hasTime();
      if (!isDone) break;
      const chunk = due.slice(start, start + LARGEST_READ);
      const result = await readAndSave(deps, chunk);
      for (const id of result.absent) absent.set(id, addMilliseconds(startedAt, ASK_AGAIN_MS));
      total.read += chunk.length;
      total.stored += result.stored;
      total.absent += result.absent.length;
      total.failed += result.failed;
      error = result.error;
    }
    const done = error === undefined && isDone ? (range.until ?? startedAt) : undefined;
    await task.save(nextState(deps, task.state, done, absent, error));
    if (done === undefined || !hasTime()) break;
  }
  if (total.read + total.passedBy > 0) deps.log.info('poll.live-stored', total);
  return total;
}

/** Devices that certificates name come first: a certificate cannot be made up. */
function withinBudget(waiting: readonly WaitingDevice[], most: number): readonly WaitingDevice[] {
  const named = waiting.filter((one) => !isAddress(one));
  const siteOf = ([, { sessions }]: WaitingDevice): string => sessions[0]?.site ?? '';
  return [...named, ...inTurnBySite(waiting.filter(isAddress), siteOf, most)];
}

function isAddress([, { target }]: WaitingDevice): boolean {
  return target.mac !== undefined;
}

async function isAnyAnswered({ sessions }: StoreLiveDeps, since: Instant): Promise<boolean> {
  for await (const _ of sessions.listWithoutRecord({ since })) return true;
  return false;
}

/** A range of answers to look at: behind those that are done, and no more at once than memory has room for. */
function nextRange({ since }: StoreLiveState, now: Instant): AnsweredWithin {
  const furthest = addMilliseconds(now, -FURTHEST_BACK_MS);
  const from = since !== undefined && since > furthest ? since : furthest;
  const until = addMilliseconds(from, LONGEST_RANGE_MS);
  return until < now ? { since: from, until } : { since: from };
}

/** Devices, with the sessions that wait for them, that are not known to be unknown. */
async function waitingAt(
  deps: StoreLiveDeps,
  { absent }: StoreLiveState,
  range: AnsweredWithin,
  now: Instant,
): Promise<WaitingDevice[]> {
  const unknownSince = new Map(absent.flatMap(([id, until]) => (until > now ? [[id, askedAt(until)]] : [])));
  const waiting = await sessionsByDevice(deps, range);
  return [...waiting].filter(([id, { sessions }]) => {
    const since = unknownSince.get(id);
    return (
      since === undefined ||
      sessions.some((session) => restsOnLiveQuery(session) && session.decision.decidedAt >= since)
    );
  });
}

/** When the source said that it knows no such device. What let a session in after that is newer. */
function askedAt(until: Instant): Instant {
  return addMilliseconds(until, -ASK_AGAIN_MS - OVERLAP_MS);
}

/**
 * After a failure, or where the time was over, the same sessions are looked at again.
 * @param done answers given before this are done; nothing when not all of a range are
 */
function nextState(
  { clock, random, log, telemetry, source }: StoreLiveDeps,
  state: StoreLiveState,
  done: Instant | undefined,
  absent: ReadonlyMap<string, Instant>,
  error: SourceError | undefined,
): StoreLiveState {
  const kept = [...absent].slice(-MOST_ABSENT);
  const since = done === undefined ? state.since : addMilliseconds(done, -OVERLAP_MS);
  const known = since === undefined ? {} : { since };
  if (error === undefined) return { ...known, failures: 0, absent: kept };
  const failures = state.failures + 1;
  const now = toInstant(clock.now());
  const retryAt = retryAfterFailure(now, failures, error.retryAfterMs, random.fraction());
  countThrottled(telemetry, source.name, error);
  log.warn('poll.live-failed', { code: error.code, message: error.message, action: error.action, failures, retryAt });
  return { ...known, failures, retryAt, absent: kept };
}

interface Waiting {
  readonly target: PointTarget;
  readonly sessions: Session[];
}

type WaitingDevice = readonly [id: string, waiting: Waiting];

/** Those whose device has been stored since are answered again without a question. */
async function sessionsByDevice(deps: StoreLiveDeps, range: AnsweredWithin): Promise<Map<string, Waiting>> {
  const waiting = new Map<string, Waiting>();
  for await (const session of deps.sessions.listWithoutRecord(range)) {
    const { device } = session.decision;
    if (!session.presented.authenticated || (device !== undefined && !device.live)) continue;
    const target = sessionTarget(session, deps.source, deps.reads.byMac);
    if (target === undefined) continue;
    const found = waiting.get(idOf(target)) ?? { target, sessions: [] };
    found.sessions.push(session);
    waiting.set(idOf(target), found);
  }
  return waiting;
}

async function readAndSave(
  deps: StoreLiveDeps,
  chunk: readonly WaitingDevice[],
): Promise<{ stored: number; absent: string[]; failed: number; error?: SourceError }> {
  const stored = await deps.devices.readMany(chunk.map(([id]) => ({ source: deps.source.name, id })));
  const isStored = ([id, { sessions }]: (typeof chunk)[number]): boolean => {
    const record = stored.get(deviceKeyText({ source: deps.source.name, id }));
    return sessions.every(({ decision }) => record !== undefined && record.observedAt >= decision.decidedAt);
  };
  const readings = await deps.reads.read(chunk.filter((each) => !isStored(each)).map(([, { target }]) => target));
  const answeredLive = new Set(chunk.flatMap(([id, { sessions }]) => (sessions.some(restsOnLiveQuery) ? [id] : [])));
  const { written } = await savePointReads(deps, readings, {
    source: deps.source.name,
    holdAbsences: false,
    answeredLive,
  });
  const waiting = new Map(chunk);
  const failed = readings.filter((reading): reading is PointReading & { kind: 'failed' } => reading.kind === 'failed');
  for (const { target } of failed) waiting.delete(idOf(target));
  const found = new Set(readings.flatMap((reading) => (reading.kind === 'found' ? [idOf(reading.target)] : [])));
  const isThere = (id: string): boolean =>
    found.has(id) || stored.get(deviceKeyText({ source: deps.source.name, id }))?.presence === 'present';
  // Where a session names the device, its absence is a change that leads to it; but a record that a sweep wrote in the
  // meantime is none, and one that was there already says nothing new.
  const answered = [...waiting].flatMap(([id, { sessions }]) =>
    sessions.filter(({ decision }) => decision.device === undefined || isThere(id)),
  );
  for (const session of answered) await deps.onAnswerable(session);
  // One device that the source cannot describe holds up no other.
  const first = failed.find(({ error }) => !isOfOneDevice(error));
  return {
    stored: written,
    absent: readings.flatMap((reading) => (reading.kind === 'absent' ? [idOf(reading.target)] : [])),
    failed: failed.length,
    ...(first && { error: first.error }),
  };
}

function restsOnLiveQuery({ decision }: Session): boolean {
  return decision.device?.live === true;
}
