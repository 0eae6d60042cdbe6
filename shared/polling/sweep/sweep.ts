// The sweep: reads every device of the source, page by page, and saves what changed. One call works one slice:
//
//   is it due? -> take the lease -> doubt what is marked -> hand on changes a crash left -> page -> renew the lease
//   -> compare -> save -> hand on -> checkpoint -> next page, or, after the last one: conclude -> record the run
//
// While the pointers of one page are put in place, the next page is saved, and those after it are asked for.
//
// What would turn a device's compliance is kept back until the end of the run: too much of it at once is held
// (docs/decisions/0008).
//
// Everything a slice does may be done again: it is safe to kill it between any two steps.

import { type DeviceKey, deviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../../domain/instant.ts';
import { type ConnectorError, SourceError, StoreError } from '../../errors.ts';
import { orAborted } from '../../or-aborted.ts';
import type { ListPage, RecordProblem } from '../../ports/compliance-source.ts';
import type { FleetIndexRoom, SweepRun, SweepRunRecord, SweepState } from '../../ports/sweep-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { scheduleReads } from '../between-sweeps/scheduled-reads.ts';
import type { HeldAbsences, HeldFlips } from '../breaker/held-in-memory.ts';
import type { SweepDeps, SweepLimits } from '../poll-deps.ts';
import { planObserved, planStale } from '../records/plan-device-write.ts';
import { type Saved, saveDevices, saveRecords } from '../records/save-devices.ts';
import { countRun, countThrottled } from '../tasks/count-run.ts';
import { SweepLease } from '../tasks/sweep-lease.ts';
import {
  asksToSlowDown,
  hasExceededRetryWindow,
  nextIntervalFactor,
  retryAfterFailure,
  type SweepDue,
  sweepDue,
} from '../tasks/sweep-schedule.ts';
import { comparePage, type ListedDevice, type PageComparison } from './compare-page.ts';
import { type CollectedFlip, completeSweep, type RunContext, stageFlips } from './complete-sweep.ts';
import type { FleetIndex } from './fleet-index.ts';
import { PagePrefetch } from './page-prefetch.ts';
import { type LoadedMarks, SweepIndex } from './sweep-index.ts';

/** Work that a crash may have to repeat, at most. */
const CHECKPOINT_MS = 15_000;
/** After this many failures in a row on one page its link is given up, and the run begins again at the first page. */
const FAILURES_UNTIL_FIRST_PAGE = 3;
/** Problems of single records that are logged one by one; a page full of them says nothing more. */
const LOGGED_PROBLEMS_PER_PAGE = 5;

/** Turns that are kept in memory; more of them are staged before the next page. */
const MOST_COLLECTED = 2_000;
/** Of a slice's time, what taking up doubts may need: pages have the rest. */
const DOUBTS_SHARE = 0.5;
/** New devices of a run that are handed on one by one, before changes of known ones would wait behind them. */
const MOST_NEW_AS_CHANGES = 500;
/** Records of finished runs are kept ninety days; each run removes so many older ones at most. */
const RUNS_KEPT_MS = 90 * 24 * 60 * 60_000;
const MOST_RUNS_REMOVED = 100;
/** Share of the fleet index's room from which on each run says so. */
const NEARLY_FULL = 0.8;
/** At least this time for the end of a run, so that every slice makes progress with it. */
const LEAST_FOR_CONCLUSION_MS = 10_000;

export type SliceResult =
  | { readonly kind: Exclude<SweepDue, 'start' | 'resume'> }
  | { readonly kind: 'complete' | 'partial' | 'sliced' | 'lease-lost' }
  | { readonly kind: 'failed'; readonly error: ConnectorError };

/** @throws StoreError when the store does not answer; the next call goes on from the last checkpoint */
export async function runSweepSlice(deps: SweepDeps, limits: SweepLimits): Promise<SliceResult> {
  const before = await deps.sweeps.read();
  const startedAt = toInstant(deps.clock.now());
  if (deps.stopping?.aborted) return { kind: 'idle' };
  const due = sweepDue(before.state, startedAt, limits.pollingIntervalMs);
  if (due !== 'start' && due !== 'resume') return { kind: due };
  try {
    const slice = await SweepSlice.begin(deps, limits, before, startedAt);
    return await slice.work();
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return { kind: 'lease-lost' };
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_POLL_INDEX_FULL') throw thrown;
    const { code, message, action } = thrown;
    deps.log.error('poll.index-full', { code, message, action });
    return { kind: 'failed', error: thrown };
  }
}

class SweepSlice {
  readonly #deps: SweepDeps;
  readonly #limits: SweepLimits;
  readonly #lease: SweepLease;
  readonly #startedAt: Instant;
  readonly #index: SweepIndex;
  readonly #fleet: FleetIndex;
  /** Absent when all of them are read. */
  readonly #pages: PagePrefetch | undefined;
  /** Counts of pages read since the last checkpoint, which has not heard of them yet. */
  #run: SweepRun;
  #checkpointAt: Instant;
  /** When devices whose grace period ends soon are to be read again. */
  readonly #graceTimes = new Map<string, Instant>();
  /** What would turn, and is not stored yet: never more than since the last checkpoint. */
  readonly #flips = new Map<string, CollectedFlip>();
  /** What is held beside its record, as far as the marks said when the slice began, and what this slice has staged. */
  readonly #heldFlips: HeldFlips;
  readonly #heldAbsences: HeldAbsences;
  /** Devices of the newest page of which the index does not know yet what it said. */
  #unsettled: ReadonlySet<string> = new Set();

  private constructor(
    deps: SweepDeps,
    limits: SweepLimits,
    lease: SweepLease,
    { index, marks }: { readonly index: SweepIndex; readonly marks: LoadedMarks },
    run: SweepRun,
    pages: PagePrefetch | undefined,
    now: Instant,
  ) {
    this.#deps = deps;
    this.#limits = limits;
    this.#lease = lease;
    this.#run = run;
    this.#pages = pages;
    this.#index = index;
    this.#fleet = index.fleet;
    this.#heldFlips = marks.heldFlips;
    this.#heldAbsences = marks.heldAbsences;
    this.#startedAt = now;
    this.#checkpointAt = now;
  }

  /** Takes the lease, and starts a run unless one is under way. */
  static async begin(
    deps: SweepDeps,
    limits: SweepLimits,
    before: { readonly state: SweepState; readonly etag?: string },
    now: Instant,
  ): Promise<SweepSlice> {
    const { run: interrupted, runNumber: lastNumber } = before.state;
    const run = { ...(interrupted ?? newRun(deps.random.hex(8), now)), slices: (interrupted?.slices ?? 0) + 1 };
    const runNumber = interrupted ? lastNumber : lastNumber + 1;
    // A slice that died may have stored records that its index never knew; only a complete run may draw conclusions.
    const mayMissKeys = before.state.owner !== undefined || before.state.mayMissKeys === true;
    const first = {
      owner: deps.random.hex(8),
      runNumber,
      run,
      lastStartedAt: run.startedAt,
      ...(mayMissKeys && { mayMissKeys }),
    };
    const lease = await SweepLease.take(deps, limits.leaseMs, before, first);
    const pages = run.concluding === undefined ? new PagePrefetch(deps.source.list, run) : undefined;
    try {
      const index = await SweepIndex.open(deps, lease);
      reportForeign(deps.log, index.fleet.foreignShards);
      const firstLoad = interrupted === undefined && index.fleet.size === 0 && (await deps.devices.isEmpty());
      const hasGaps = index.fleet.trustsNothing || index.fleet.hasLost || mayMissKeys;
      const comparesKeys = !firstLoad && !run.comparesKeys && hasGaps;
      const begun = { ...run, ...(firstLoad && { firstLoad }), ...(comparesKeys && { comparesKeys }) };
      // Before an index is stored that does not show any more what was lost of it.
      if (comparesKeys && index.fleet.hasLost) await lease.renew({ run: begun });
      return new SweepSlice(deps, limits, lease, { index, marks: await index.loadMarks() }, begun, pages, now);
    } catch (thrown) {
      pages?.stop();
      throw thrown;
    }
  }

  async work(): Promise<SliceResult> {
    try {
      if (!(await this.#index.loadPendingChanges(() => !this.#isTimeUp()))) return await this.#pause();
      await this.#index.takeUpDoubts(() => !this.#isTimeUp(DOUBTS_SHARE));
      return this.#pages === undefined ? await this.#finish() : await this.#workPages(this.#pages);
    } finally {
      this.#pages?.stop();
    }
  }

  async #workPages(pages: PagePrefetch): Promise<SliceResult> {
    pages.limitDepth();
    let saving = Promise.resolve();
    while (true) {
      // The source may keep a page for longer than the process has left.
      const page = await orAborted(pages.take(), this.#deps.stopping);
      if (page === undefined) {
        await saving;
        return this.#pause();
      }
      if (page instanceof SourceError) {
        await saving;
        return this.#stopAfter(page);
      }
      const goesOn = page.nextCursor !== undefined && !this.#isTimeUp();
      const { settled } = await this.#savePage(page, saving);
      settled.catch(() => undefined);
      // Two pages at once are enough, and all that memory has room for.
      await saving;
      saving = settled;
      const now = toInstant(this.#deps.clock.now());
      const isDue = millisecondsBetween(this.#checkpointAt, now) >= CHECKPOINT_MS || this.#flips.size > MOST_COLLECTED;
      if (!goesOn || isDue) await saving;
      if (page.nextCursor === undefined) return this.#finish();
      if (!goesOn) return this.#pause();
      if (isDue) await this.#checkpoint(now);
    }
  }

  /** @param share of the slice's time, from 0 to 1 */
  #isTimeUp(share = 1): boolean {
    if (this.#deps.stopping?.aborted) return true;
    return (
      millisecondsBetween(this.#startedAt, toInstant(this.#deps.clock.now())) >= share * this.#limits.sliceBudgetMs
    );
  }

  /**
   * Saves the records of a page.
   * @param before the end of the page before
   * @returns when the pointers are in place, too, and the page counts
   */
  async #savePage(page: ListPage, before: Promise<void>): Promise<{ readonly settled: Promise<void> }> {
    // A page that took too long must not be saved by an owner that has lost the lease meanwhile.
    const renewed = this.#lease.renew();
    renewed.catch(() => undefined);
    // Looking at a page keeps this thread busy. What was asked for goes out before: a connection that was idle is
    // looked at for one turn (undici), and used in the next.
    await this.#deps.timer.turn();
    await this.#deps.timer.turn();
    // What the page before said of a device that is listed once more comes first: it may have been something else.
    if (listsAnyOf(page, this.#unsettled)) await before;
    const look = comparePage(page, this.#fleet);
    this.#unsettled = keysOf([...look.maybeChanged, ...look.unreadable]);
    const hasNews = look.maybeChanged.length + look.unreadable.length > 0;
    if (hasNews) await renewed;
    const { firstLoad = false } = this.#run;
    const flips = { kind: 'collect', answersDiffer: this.#limits.answersDiffer } as const;
    const newIsChange = this.#lease.state.lastComplete !== undefined && (this.#run.fresh ?? 0) < MOST_NEW_AS_CHANGES;
    const saved = await saveRecords<ListedDevice>(
      this.#deps,
      look.maybeChanged.map((listed) => ({
        key: listed,
        expectedNew: firstLoad && !this.#fleet.knows(listed),
        plan: (stored) => planObserved(stored, listed.device, page.requestedAt, { flips, newIsChange }),
      })),
    );
    const inPlace = saved.putPointersInPlace();
    // A page without news was not kept waiting for its renewal.
    const settled = Promise.all([before, inPlace, renewed]).then(() => this.#settlePage(page, look, saved));
    return { settled };
  }

  async #settlePage(
    { requestedAt, nextCursor }: ListPage,
    { listed, unchanged, maybeChanged, unreadable, graceTimes, problems }: PageComparison,
    saved: Saved<ListedDevice>,
  ): Promise<void> {
    // Before the first whole list all of them are new.
    const fresh = this.#lease.state.lastComplete === undefined ? 0 : saved.created;
    for (const settled of saved.settled) {
      this.#fleet.record(settled, settled.fingerprint);
      // What was held beside it is settled, too.
      this.#heldFlips.delete(settled);
    }
    for (const [device, graceAt] of graceTimes) this.#graceTimes.set(device, graceAt);
    // Listed twice: what the later page says counts.
    if (this.#flips.size > 0) {
      for (const key of [...unchanged, ...maybeChanged]) this.#flips.delete(deviceKeyText(key));
    }
    for (const flip of saved.flips) this.#flips.set(deviceKeyText(flip), { ...flip, observedAt: requestedAt });
    const known = unreadable.filter((key) => key !== undefined);
    for (const key of known) this.#fleet.markSeen(key);
    await this.#saveDoubted(known);
    this.#reportProblems(problems);
    await this.#index.dispatchChanges(saved.changes);
    this.#run = {
      ...withoutFailures(this.#run),
      ...(nextCursor !== undefined && { cursor: nextCursor }),
      pages: this.#run.pages + 1,
      devices: this.#run.devices + listed,
      saved: this.#run.saved + saved.written,
      rejected: this.#run.rejected + unreadable.length,
      ...(fresh > 0 && { fresh: (this.#run.fresh ?? 0) + fresh }),
      countsAbsences: this.#run.countsAbsences && known.length === unreadable.length,
    };
  }

  async #finish(): Promise<SliceResult> {
    await this.#noteGrace();
    const inFlight = this.#inFlight();
    const conclusion = await completeSweep(this.#deps, this.#limits, inFlight);
    if (conclusion === undefined) return this.#pause();
    const { result, ...counts } = conclusion;
    const fleetIndex = this.#reportRoom();
    await this.#index.save(false);
    const stretch = nextIntervalFactor(this.#lease.state.stretch ?? 1, this.#run.throttled ?? 0);
    await this.#recordRun({ result, ...counts, stretch });
    const { id, startedAt, devices } = this.#run;
    const lastComplete = result === 'complete' ? { lastComplete: { runId: id, startedAt, devices } } : {};
    const hasCompared = result === 'complete' && this.#run.comparesKeys === true;
    await this.#lease.release({ stretch, fleetIndex, ...lastComplete, ...(hasCompared && { mayMissKeys: false }) });
    return { kind: result };
  }

  #inFlight(): RunContext {
    const least = addMilliseconds(toInstant(this.#deps.clock.now()), LEAST_FOR_CONCLUSION_MS);
    return {
      run: this.#run,
      fleet: this.#fleet,
      flips: this.#flips,
      heldFlips: this.#heldFlips,
      heldAbsences: this.#heldAbsences,
      confirmedUntil: this.#lease.state.lastComplete?.startedAt,
      dispatchChanges: (changes) => this.#index.dispatchChanges(changes),
      saveIndex: () => this.#index.save(true),
      saveDoubted: (keys) => this.#saveDoubted(keys),
      hasTime: () => !this.#isTimeUp() || (!this.#deps.stopping?.aborted && toInstant(this.#deps.clock.now()) < least),
      checkpoint: async (concluding) => {
        this.#run = { ...this.#run, concluding };
      },
      keep: async (concluding) => {
        this.#run = { ...this.#run, concluding };
        await this.#save();
        await this.#lease.renew({ run: this.#run });
      },
    };
  }

  /** The doubt is stored in the index first: so the next sighting looks at the row, even after a crash. */
  async #saveDoubted(keys: readonly DeviceKey[]): Promise<void> {
    if (keys.length === 0) return;
    for (const key of keys) this.#fleet.doubt(key);
    await this.#index.save(true);
    const confirmedUntil = this.#lease.state.lastComplete?.startedAt;
    await saveDevices(
      this.#deps,
      keys.map((key) => ({ key, plan: (stored) => planStale(stored, confirmedUntil, this.#run.startedAt) })),
    );
  }

  async #stopAfter(error: SourceError): Promise<SliceResult> {
    const { clock, random, log, source, telemetry } = this.#deps;
    const now = toInstant(clock.now());
    const failures = this.#run.failures + 1;
    const retryAt = retryAfterFailure(now, failures, error.retryAfterMs, random.fraction());
    const throttled = (this.#run.throttled ?? 0) + (asksToSlowDown(error) ? 1 : 0);
    countThrottled(telemetry, source.name, error);
    log.warn('poll.page-failed', { code: error.code, message: error.message, action: error.action, failures, retryAt });
    const { cursor, ...run } = this.#run;
    const keepCursor = cursor !== undefined && failures % FAILURES_UNTIL_FIRST_PAGE !== 0;
    // Counts begin again with the pages.
    const counts = keepCursor ? { cursor } : { pages: 0, devices: 0, saved: 0, rejected: 0 };
    this.#run = { ...run, ...counts, failures, throttled, retryAt };
    await this.#save();
    if (hasExceededRetryWindow(this.#run.startedAt, now, this.#limits.pollingIntervalMs)) await this.#giveUp();
    else await this.#lease.release({ run: this.#run });
    return { kind: 'failed', error };
  }

  /** The next run begins at the first page, at the time when this one may have tried again. */
  async #giveUp(): Promise<void> {
    const stretch = nextIntervalFactor(this.#lease.state.stretch ?? 1, this.#run.throttled ?? 0);
    await this.#recordRun({ result: 'failed', gone: 0, turned: 0, held: 0, stretch });
    const { failures, retryAt } = this.#run;
    const next = newRun(this.#deps.random.hex(8), toInstant(this.#deps.clock.now()));
    const runNumber = this.#lease.state.runNumber + 1;
    await this.#lease.release({ run: { ...next, failures, ...(retryAt && { retryAt }) }, runNumber, stretch });
  }

  async #pause(): Promise<SliceResult> {
    await this.#save();
    await this.#lease.release({ run: this.#run });
    return { kind: 'sliced' };
  }

  async #checkpoint(now: Instant): Promise<void> {
    await this.#save();
    await this.#lease.renew({ run: this.#run });
    this.#checkpointAt = now;
  }

  /**
   * Stores what is only in memory. Before every checkpoint, which must not pass pages with unstored marks or
   * flips.
   */
  async #save(): Promise<void> {
    await stageFlips(this.#deps, this.#limits, this.#inFlight());
    await this.#noteGrace();
    await this.#index.save(true);
  }

  async #noteGrace(): Promise<void> {
    await scheduleReads(this.#deps.tasks, this.#graceTimes);
    this.#graceTimes.clear();
  }

  async #recordRun(end: Pick<SweepRunRecord, 'result' | 'gone' | 'turned' | 'held' | 'stretch'>): Promise<void> {
    const { cursor, retryAt, concluding, comparesKeys, ...run } = this.#run;
    const finishedAt = toInstant(this.#deps.clock.now());
    await this.#deps.sweeps.recordRun({ ...run, ...end, finishedAt });
    await this.#deps.sweeps.removeRunsBefore(addMilliseconds(finishedAt, -RUNS_KEPT_MS), MOST_RUNS_REMOVED);
    this.#deps.log.info('poll.run', { ...run, ...end, owner: this.#lease.state.owner });
    if (this.#deps.telemetry) countRun(this.#deps.telemetry, this.#deps.source.name, { ...run, ...end, finishedAt });
  }

  /** Before the index is full: then no run could be saved any more. */
  #reportRoom(): FleetIndexRoom {
    const { fullness, size: devices } = this.#fleet;
    const room = { devices, percent: Math.round(fullness * 100) };
    if (fullness >= NEARLY_FULL) this.#deps.log.error('poll.fleet-index-nearly-full', { ...room });
    return room;
  }

  #reportProblems(problems: readonly RecordProblem[]): void {
    for (const problem of problems.slice(0, LOGGED_PROBLEMS_PER_PAGE)) {
      this.#deps.log.warn('poll.record-problem', { code: 'NAC_SOURCE_RECORD', ...problem });
    }
    if (problems.length > LOGGED_PROBLEMS_PER_PAGE) {
      this.#deps.log.warn('poll.record-problems', { code: 'NAC_SOURCE_RECORD', onThisPage: problems.length });
    }
  }
}

function listsAnyOf({ records }: ListPage, keys: ReadonlySet<string>): boolean {
  return keys.size > 0 && records.some(({ key }) => key !== undefined && keys.has(deviceKeyText(key)));
}

function keysOf(keys: readonly (DeviceKey | undefined)[]): ReadonlySet<string> {
  return new Set(keys.flatMap((key) => (key === undefined ? [] : [deviceKeyText(key)])));
}

/** The run fills them again, and its first save replaces them. */
function reportForeign(log: Logger, shards: readonly string[]): void {
  if (shards.length === 0) return;
  const { code, message, action } = new StoreError(
    'NAC_STORE_ROW',
    `Not written by this product: ${shards.join(', ')}.`,
    {
      action: 'Nothing to do: this run fills these shards of the fleet index again.',
    },
  );
  log.error('store.row-passed-over', { code, message, action, table: 'polling', shards });
}

function newRun(id: string, startedAt: Instant): SweepRun {
  return {
    id,
    startedAt,
    slices: 0,
    pages: 0,
    devices: 0,
    saved: 0,
    rejected: 0,
    countsAbsences: true,
    failures: 0,
  };
}

function withoutFailures({ retryAt, ...run }: SweepRun): SweepRun {
  return { ...run, failures: 0 };
}
