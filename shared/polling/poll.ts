// One tick of the poll's timer: each source in a share of the time a function may run, side by side, so that one that
// hangs, fails or has much to say takes nothing from the others.
//
//   where lookups ask the source -> devices that users wait for -> changes that are left, and what a person released
//   -> with a list: the sweep -> devices that changed -> devices to be read again -> Ethernet MAC and UDID
//      without:     the noncompliant list -> devices that have authenticated
//   -> how long the credential is good -> devices of sessions that rest on no record -> what was decided goes out
//
// Each task has its own lease, so that a long sweep elsewhere holds nothing up. Nothing else is asked of a source that
// has just failed or asked us to wait.

import { concurrently } from '../concurrently.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import type { AnswersDiffer } from '../domain/policy/answers-differ.ts';
import { type ConnectorError, StoreError, toConnectorError } from '../errors.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { MdmSource } from '../ports/mdm-source.ts';
import type { Logger } from '../ports/telemetry.ts';
import { hasAbility } from './abilities.ts';
import { runChangedDevices } from './between-sweeps/changed-devices.ts';
import { noteFastLane } from './between-sweeps/fast-lane.ts';
import { runHardware } from './between-sweeps/hardware.ts';
import { runScheduledReads } from './between-sweeps/scheduled-reads.ts';
import { keepServiceAddress, SERVICE_ADDRESS_TASK } from './between-sweeps/service-address.ts';
import type { BoundedSource } from './bounded-source.ts';
import { applyReleases } from './breaker/release-held.ts';
import type { PointReads } from './point-reads/point-reads.ts';
import { type StoreLiveDeps, storeLiveDevices } from './point-reads/store-live-devices.ts';
import type { SweepDeps, SweepLimits } from './poll-deps.ts';
import { redispatchPending } from './records/dispatch-changes.ts';
import { runSweepSlice, type SliceResult } from './sweep/sweep.ts';
import type { TaskTime } from './tasks/background-task.ts';
import { pollNoncompliant } from './without-sweep/poll-noncompliant.ts';
import { refreshAuthenticated } from './without-sweep/refresh-authenticated.ts';

/** What the poll of one source works with. */
export interface PollDeps extends Omit<SweepDeps, 'source'>, Omit<StoreLiveDeps, 'source' | 'reads'> {
  readonly source: BoundedSource;
  readonly decisions: DecisionStore;
  /** Absent where the source cannot be asked about single devices. */
  readonly reads: PointReads | undefined;
  /** What counts as a change for the breaker, by the policy in force. */
  readonly answersDiffer: () => Promise<AnswersDiffer>;
  /** Says now and then how long the source's credential is good; never fails. */
  readonly reportCredential?: (() => Promise<void>) | undefined;
}

/** What the operator set for one source. */
export interface PollLimits extends Pick<SweepLimits, 'massChange'>, Pick<TickLimits, BetweenSweeps> {
  /** Between sweeps, or between noncompliant lists. */
  readonly pollingIntervalMs: number;
  /** Oldest that a record of a device with a live session may grow where there is no sweep. */
  readonly reauthIntervalMs: number;
  /** How long after its last decision a device is read every minute; absent: not at all. */
  readonly fastLaneMs: number | undefined;
  /** Lookups ask the source themselves. */
  readonly asksLive: boolean;
}

type BetweenSweeps = 'changedDevicesIntervalMs' | 'hardwareMaxAgeMs';

export interface TickLimits extends SweepLimits {
  /** Absent: changes are found by sweeps alone. */
  readonly changedDevicesIntervalMs: number | undefined;
  /** Absent: Ethernet MAC and UDID are not fetched. */
  readonly hardwareMaxAgeMs: number | undefined;
}

export interface SourcePoll {
  readonly deps: PollDeps;
  readonly limits: PollLimits;
}

/** A source that is to be polled; one that cannot be opened keeps no other from its poll. */
export interface SourceToPoll {
  readonly name: string;
  open(): Promise<SourcePoll>;
}

export interface TickDeps extends SweepDeps {
  readonly source: MdmSource & SweepDeps['source'];
}

/** Of the time a function may run: after it no answer of a source is waited for. */
const SOURCE_SHARE = 0.75;
/** Of that time, a tick without its last steps: the rest is for the page under way when the slice ends. */
const TICK_SHARE = 0.6;
/** Of that time, each part of a tick that reads single devices. */
const PART_SHARE = 0.2;
/** Longer than a function may run: an instance that still runs has its lease. */
const LEASE_SHARE = 1.5;
/** Sources polled side by side: each has pages and an index in memory. */
const SOURCES_AT_ONCE = 4;
/** Of the time a function may run, what is left at least when a source is begun: the others wait for the next tick. */
const LEAST_SHARE = 0.1;
/** After a slice that took longer than its share, so long at most: the host ends a function that takes too long. */
const MOST_RESERVED_MS = 15_000;
/** Of a tick's time, what the tasks between sweeps have at least, while a sweep takes several slices. */
const RESERVED_SHARE = 0.25;

const ROW_CODES: ReadonlySet<string> = new Set(['NAC_STORE_ROW', 'NAC_STORE_STATE']);

export interface TickParts extends Pick<PollDeps, 'clock' | 'random' | 'log'> {
  /** How long the host lets a function run before it ends the process. */
  readonly functionTimeoutMs: number;
}

/**
 * Where there are more sources than are polled side by side, those that come later have the time that is left, and the
 * order is another one each time: sources that are slow every time keep none from its turn.
 * @param sendDecided lets out what the changes led to; called whatever the sources came to
 * @returns how the sweep went, of several sources the one that needs attention most
 * @throws what the first source threw that failed by something else than itself, such as the store
 */
export async function poll(
  sources: readonly SourceToPoll[],
  { functionTimeoutMs, clock, random, log }: TickParts,
  sendDecided: () => Promise<void>,
): Promise<SliceResult> {
  const endsAtMs = clock.now().getTime() + functionTimeoutMs;
  const left: string[] = [];
  let begun = 0;
  try {
    const ended = await concurrently(inTurn(sources, random), SOURCES_AT_ONCE, async (source): Promise<Ended> => {
      const forSourceMs = Math.max(0, Math.min(endsAtMs - clock.now().getTime(), functionTimeoutMs));
      begun += 1;
      if (begun > SOURCES_AT_ONCE && forSourceMs < functionTimeoutMs * LEAST_SHARE) {
        left.push(source.name);
        return undefined;
      }
      try {
        const opened = await openedOrFailed(source, log);
        return { result: 'kind' in opened ? opened : await pollSource(opened, forSourceMs, functionTimeoutMs) };
      } catch (thrown) {
        return { name: source.name, thrown };
      }
    });
    if (left.length > 0) log.warn('poll.sources-left', { sources: left });
    const polled = ended.filter((end) => end !== undefined);
    const [first, ...others] = polled.filter((end) => 'thrown' in end);
    for (const { name, thrown } of others) logFailure(log, name, toConnectorError(thrown));
    if (first !== undefined) throw first.thrown;
    return mostTelling(polled.flatMap((end) => ('result' in end ? [end.result] : [])));
  } finally {
    await sendDecided();
  }
}

/** `undefined`: left for the next tick. */
type Ended = { readonly result: SliceResult } | { readonly name: string; readonly thrown: unknown } | undefined;

/**
 * What cannot be opened is in trouble by itself, whatever is wrong with its secret, its certificate or its address.
 * @throws StoreError, which is nothing of the source
 */
async function openedOrFailed({ name, open }: SourceToPoll, log: Logger): Promise<SourcePoll | SliceResult> {
  try {
    return await open();
  } catch (thrown) {
    if (thrown instanceof StoreError) throw thrown;
    const error = toConnectorError(thrown);
    logFailure(log, name, error);
    return { kind: 'failed', error };
  }
}

function logFailure(log: Logger, source: string, { code, message, action }: ConnectorError): void {
  log.error('poll.source-failed', { source, code, message, action });
}

const TELLING: readonly SliceResult['kind'][] = [
  'failed',
  'waiting',
  'lease-lost',
  'leased',
  'sliced',
  'partial',
  'complete',
  'idle',
];

function mostTelling(results: readonly SliceResult[]): SliceResult {
  const kinds = new Map(results.toReversed().map((result) => [result.kind, result]));
  return TELLING.flatMap((kind) => kinds.get(kind) ?? [])[0] ?? { kind: 'idle' };
}

/** @returns the same sources; the first one is drawn by lot where they are too many to be polled side by side */
function inTurn(sources: readonly SourceToPoll[], random: PollDeps['random']): readonly SourceToPoll[] {
  if (sources.length <= SOURCES_AT_ONCE) return sources;
  const first = Math.floor(random.fraction() * sources.length);
  return [...sources.slice(first), ...sources.slice(0, first)];
}

/** @param forSourceMs of the time that the function may run, what is left for this source */
async function pollSource(
  { deps, limits }: SourcePoll,
  forSourceMs: number,
  functionTimeoutMs: number,
): Promise<SliceResult> {
  const leaseMs = functionTimeoutMs * LEASE_SHARE;
  const partMs = forSourceMs * PART_SHARE;
  const tickMs = forSourceMs * TICK_SHARE;
  deps.source.beginTick(forSourceMs * SOURCE_SHARE);
  if (limits.asksLive) await keepAddress(deps, { until: behind(deps, partMs), leaseMs });
  let result: SliceResult;
  if (hasAbility(deps, 'list')) {
    if (limits.fastLaneMs !== undefined) await noteFastLane(deps, limits.fastLaneMs).catch(logNoFastLane(deps.log));
    const answersDiffer = await deps.answersDiffer();
    result = await runTick(deps, { ...limits, answersDiffer, sliceBudgetMs: tickMs, leaseMs });
  } else {
    result = await runTickWithoutSweep(deps, limits, { tickMs, partMs, leaseMs });
  }
  await deps.reportCredential?.();
  const { reads } = deps;
  if (reads !== undefined) {
    const until = behind(deps, partMs);
    await storeLiveDevices({ ...deps, reads, hasTime: () => isBefore(deps, until) }, { leaseMs, budgetMs: partMs });
  }
  return result;
}

/** For lookups that ask the source themselves; the poll goes on without it. */
async function keepAddress(deps: PollDeps, time: TaskTime): Promise<void> {
  if (!hasAbility(deps, 'address')) return;
  try {
    await keepServiceAddress(deps, time);
  } catch (thrown) {
    const { code, message, action } = toConnectorError(thrown);
    deps.log.warn('poll.task-failed', { task: SERVICE_ADDRESS_TASK, code, message, action });
  }
}

/** The poll goes on without the fast lane: sweeps see these devices, too. */
function logNoFastLane(log: Logger): (thrown: unknown) => number {
  return (thrown) => {
    const { code, message, action } = toConnectorError(thrown);
    log.warn('poll.no-fast-lane', { code, message, action });
    return 0;
  };
}

/** @returns how the sweep went */
export async function runTick(timeless: TickDeps, limits: TickLimits): Promise<SliceResult> {
  const { sliceBudgetMs, leaseMs } = limits;
  const reservedMs = sliceBudgetMs * RESERVED_SHARE;
  let until = behind(timeless, sliceBudgetMs);
  const hasTime = (): boolean => isBefore(timeless, until);
  const deps = { ...timeless, hasTime };
  await passingOver(deps.log, () => applyReleases(deps));
  const result = await runSweepSlice(deps, { ...limits, sliceBudgetMs: sliceBudgetMs - reservedMs });
  if (result.kind === 'waiting' || isOfSource(result)) return result;
  // The slice ends with the pages that it has: those after it have their share all the same.
  until = laterOf(until, behind(deps, Math.min(reservedMs, MOST_RESERVED_MS)));
  const time: TaskTime = { until, leaseMs };
  const { changedDevicesIntervalMs, hardwareMaxAgeMs } = limits;
  const tasks = [
    async () =>
      changedDevicesIntervalMs !== undefined && (hasAbility(deps, 'checkIns') || hasAbility(deps, 'hints'))
        ? runChangedDevices(deps, { ...limits, changedDevicesIntervalMs }, time)
        : undefined,
    async () => (hasAbility(deps, 'devices') ? runScheduledReads(deps, limits, time) : undefined),
    async () =>
      hardwareMaxAgeMs !== undefined && hasAbility(deps, 'hardware')
        ? runHardware(deps, hardwareMaxAgeMs, time)
        : undefined,
  ];
  for (const run of tasks) {
    if (!hasTime()) break;
    const task = await passingOver(deps.log, run);
    if (task?.kind === 'failed') break;
  }
  return result;
}

/** What the sweep is elsewhere: the noncompliant list, and devices that have authenticated. */
async function runTickWithoutSweep(
  timeless: PollDeps,
  limits: PollLimits,
  { tickMs, partMs, leaseMs }: { readonly tickMs: number; readonly partMs: number; readonly leaseMs: number },
): Promise<SliceResult> {
  const { reads } = timeless;
  if (reads === undefined) return { kind: 'idle' };
  const answersDiffer = await timeless.answersDiffer();
  const until = behind(timeless, tickMs);
  const deps = { ...timeless, reads, hasTime: () => isBefore(timeless, until) };
  const { massChange } = limits;
  const part = { massChange, answersDiffer, budgetMs: partMs, leaseMs };
  await applyReleases(deps);
  if (!deps.hasTime()) return { kind: 'sliced' };
  const listed = hasAbility(deps, 'noncompliant')
    ? await pollNoncompliant(deps, { ...part, intervalMs: limits.pollingIntervalMs })
    : 'idle';
  const refreshed = await refreshAuthenticated(deps, { ...part, intervalMs: limits.reauthIntervalMs });
  const done = [listed, refreshed];
  // What a crash left: a task that was just taken over may have left some.
  if (done.some((result) => result !== 'idle' && result !== 'leased')) await redispatchPending(deps);
  if (done.includes('failed')) return { kind: 'waiting' };
  if (done.includes('sliced')) return { kind: 'sliced' };
  return { kind: done.includes('complete') ? 'complete' : 'idle' };
}

/** A sweep whose index is full fails by itself: what changes between sweeps is found all the same. */
function isOfSource(result: SliceResult): boolean {
  return result.kind === 'failed' && !(result.error instanceof StoreError);
}

/** One row that cannot be read or written does not stop the rest of the poll. */
async function passingOver<T>(log: Logger, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || !ROW_CODES.has(thrown.code)) throw thrown;
    const { code, message, action } = thrown;
    log.error('poll.row-passed-over', { code, message, action });
    return undefined;
  }
}

type Timed = Pick<SweepDeps, 'clock' | 'stopping'>;

function behind({ clock }: Timed, milliseconds: number): Instant {
  return addMilliseconds(toInstant(clock.now()), milliseconds);
}

function isBefore({ clock, stopping }: Timed, until: Instant): boolean {
  return !stopping?.aborted && toInstant(clock.now()) < until;
}

function laterOf(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}
