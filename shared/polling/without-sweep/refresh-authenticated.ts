// Where a source has no list there is no sweep: devices that have authenticated are read one by one, again and again,
// each before its record is older than the operator allows. One call works one slice of a round through the sessions:
//
//   is a round due, or under way? -> next sessions -> whose records are too old -> read -> save -> go on there
//   at the end of a round: what turned or is gone counts, unless it is too much at once
//
// Addresses without a record have a budget of their own in each round, and take turns from round to round: at an open
// port they can be made up.

import { deviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../../domain/instant.ts';
import type { Session } from '../../domain/session/session.ts';
import { isConnected } from '../../domain/session/session-life.ts';
import type { SourceError } from '../../errors.ts';
import type { SourceName } from '../../ports/mdm-source.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { walkSessions } from '../../walk-sessions.ts';
import { MOST_ADDRESSES } from '../point-reads/address-budget.ts';
import { REFRESH_TASK, type RefreshRound, type RefreshState, runIdOfRound } from '../point-reads/point-read-runs.ts';
import { isOfOneDevice, type PointReading, type PointReads, type PointTarget } from '../point-reads/point-reads.ts';
import { type SavePointReadsDeps, savePointReads } from '../point-reads/save-point-reads.ts';
import { recordIdOf, sessionTarget } from '../point-reads/session-target.ts';
import { countThrottled } from '../tasks/count-run.ts';
import { type NoLease, type TaskDeps, type TaskLease, withTask } from '../tasks/leased-task.ts';
import { retryAfterFailure } from '../tasks/sweep-schedule.ts';
import { type BreakerLimits, concludePointReads, stagingRule } from './conclude-point-reads.ts';

/** Rounds in the longest age of a record: one that would be too old before the next round is read in this one. */
const ROUNDS_PER_INTERVAL = 4;
/** Sessions looked at before the place in the round is stored. */
const SESSIONS_AT_ONCE = 200;

export interface RefreshDeps extends TaskDeps, SavePointReadsDeps {
  readonly source: SourceName;
  readonly sessions: SessionStore;
  readonly reads: PointReads;
  readonly log: Logger;
}

export interface RefreshLimits extends BreakerLimits {
  /** Oldest that a record of a device with a live session may grow: `COMPLIANCE_REAUTH_INTERVAL`. */
  readonly intervalMs: number;
  readonly leaseMs: number;
  readonly budgetMs: number;
}

export function refreshAuthenticated(
  deps: RefreshDeps,
  limits: RefreshLimits,
): Promise<'complete' | 'sliced' | 'failed' | NoLease> {
  const gapMs = limits.intervalMs / ROUNDS_PER_INTERVAL;
  const isDue = ({ round, lastComplete, retryAt }: RefreshState, now: Instant): boolean => {
    if (retryAt !== undefined && retryAt > now) return false;
    return (
      round !== undefined || lastComplete === undefined || millisecondsBetween(lastComplete.startedAt, now) >= gapMs
    );
  };
  const task = { name: REFRESH_TASK, initial: { failures: 0 } as RefreshState, leaseMs: limits.leaseMs };
  return withTask(deps, task, isDue, (held) => workRound(deps, held, limits));
}

async function workRound(
  deps: RefreshDeps,
  task: TaskLease<RefreshState>,
  limits: RefreshLimits,
): Promise<'complete' | 'sliced' | 'failed'> {
  const begunAt = deps.clock.now().getTime();
  let round = task.state.round ?? newRound(toInstant(deps.clock.now()));
  const runId = runIdOfRound(round);
  /** Records observed before this would be too old before the next round reads them. */
  const tooOld = addMilliseconds(round.startedAt, limits.intervalMs / ROUNDS_PER_INTERVAL - limits.intervalMs);
  let { addressesAfter } = task.state;
  for await (const sessions of chunksAfter(deps, round.after)) {
    const left = MOST_ADDRESSES - (round.addresses ?? 0);
    const { readings, error, asked } = await readDue(deps, sessions, tooOld, { after: addressesAfter, most: left });
    const absent = round.absent + readings.filter(({ kind }) => kind === 'absent').length;
    const read = round.read + readings.length;
    const rules = { source: deps.source.name, holdAbsences: false, flips: stagingRule(limits, runId) };
    const { written } = await savePointReads(deps, readings, rules);
    const failed = round.failed + readings.filter(({ kind }) => kind === 'failed').length;
    if (error !== undefined) return stop(deps, task, { ...round, failed }, error);
    const after = sessions.at(-1)?.id;
    const addresses = (round.addresses ?? 0) + asked.length;
    addressesAfter = asked.at(-1) ?? addressesAfter;
    round = {
      ...round,
      ...(after !== undefined && { after }),
      read,
      absent,
      failed,
      addresses,
      saved: round.saved + written,
    };
    await task.save({ ...withoutFailures(task.state), round, ...(addressesAfter !== undefined && { addressesAfter }) });
    if (deps.stopping?.aborted || deps.clock.now().getTime() - begunAt >= limits.budgetMs) return 'sliced';
  }
  const held = await concludePointReads(deps, limits, runId);
  if (held === undefined) {
    await task.save({ ...withoutFailures(task.state), round });
    return 'sliced';
  }
  const { startedAt, read, saved, absent, failed } = round;
  // With room left, the turn has come to the last of them.
  const goOn = (round.addresses ?? 0) >= MOST_ADDRESSES && addressesAfter !== undefined ? { addressesAfter } : {};
  await task.save({ failures: 0, lastComplete: { startedAt, read }, ...goOn });
  deps.log.info('refresh.round', { startedAt, read, saved, absent, failed, held });
  return 'complete';
}

/** The round goes on where it stands once the source answers again; what is stored stays. */
async function stop(
  { clock, random, log, telemetry, source }: RefreshDeps,
  task: TaskLease<RefreshState>,
  round: RefreshRound,
  error: SourceError,
): Promise<'failed'> {
  const failures = task.state.failures + 1;
  const retryAt = retryAfterFailure(toInstant(clock.now()), failures, error.retryAfterMs, random.fraction());
  countThrottled(telemetry, source.name, error);
  log.warn('refresh.failed', { code: error.code, message: error.message, action: error.action, failures, retryAt });
  await task.save({ ...task.state, round, failures, retryAt });
  return 'failed';
}

interface DueTarget {
  readonly target: PointTarget;
  /** Of the first session that it is of. */
  readonly sessionId: string;
}

/** @param addresses without a record: so many at most, of sessions behind the given one */
async function readDue(
  { clock, devices, reads, source }: RefreshDeps,
  sessions: readonly Session[],
  tooOld: Instant,
  addresses: { readonly after: string | undefined; readonly most: number },
): Promise<{ readings: readonly PointReading[]; asked: readonly string[]; error?: SourceError }> {
  const now = toInstant(clock.now());
  const targets = new Map<string, DueTarget>();
  for (const session of sessions) {
    const target = isConnected(session, now) ? sessionTarget(session, source, reads.byMac) : undefined;
    const id = target && recordIdOf(session, target);
    if (target !== undefined && id !== undefined && !targets.has(id))
      targets.set(id, { target, sessionId: session.id });
  }
  const stored = await devices.readMany([...targets.keys()].map((id) => ({ source: source.name, id })));
  const known: PointTarget[] = [];
  const unknown: DueTarget[] = [];
  for (const [id, due] of targets) {
    const record = stored.get(deviceKeyText({ source: source.name, id }));
    if (record === undefined && due.target.mac !== undefined) unknown.push(due);
    else if (record === undefined || record.confirmedUntil !== undefined || record.observedAt <= tooOld)
      known.push(due.target);
  }
  const { after = '', most } = addresses;
  const inTurn = unknown.filter(({ sessionId }) => sessionId > after).slice(0, most);
  const readings = await reads.read([...known, ...inTurn.map(({ target }) => target)]);
  const error = readings.flatMap((each) =>
    each.kind === 'failed' && !isOfOneDevice(each.error) ? [each.error] : [],
  )[0];
  return { readings, asked: inTurn.map(({ sessionId }) => sessionId), ...(error && { error }) };
}

/** Sessions come in the order of their ids, so the last id says where a round stands. */
async function* chunksAfter({ sessions }: RefreshDeps, after: string | undefined): AsyncIterable<Session[]> {
  let chunk: Session[] = [];
  for await (const session of walkSessions(sessions, { after })) {
    chunk.push(session);
    if (chunk.length === SESSIONS_AT_ONCE) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

function newRound(startedAt: Instant): RefreshRound {
  return { startedAt, read: 0, saved: 0, absent: 0, failed: 0 };
}

function withoutFailures({ retryAt, ...state }: RefreshState): RefreshState {
  return { ...state, failures: 0 };
}
