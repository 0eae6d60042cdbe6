// The sweep: reads every device of the source, page by page, and saves what changed. One call works one slice:
//
//   is it due? -> take the lease -> hand on changes a crash left -> page -> renew the lease -> compare -> save -> hand on
//   -> checkpoint -> next page, or, after the last one: count absences -> record the run
//
// State and lease are one row under its etag: whoever writes it owns the sweep, whoever meets a newer etag has lost it
// and stops. Everything a slice does may be done again: it is safe to kill it between any two steps.

import type { Device, DeviceKey } from '../domain/device.ts';
import { deviceHash } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { type ConnectorError, SourceError, StoreError } from '../errors.ts';
import type {
  ChangeListener,
  Clock,
  ComplianceSource,
  DevicePage,
  DeviceStore,
  IdentityStore,
  Logger,
  Random,
  SweepRun,
  SweepState,
  SweepStore,
} from '../ports.ts';
import { FleetIndex, MISSES_UNTIL_GONE } from './fleet-index.ts';
import { planDoubted, planGone, planObserved } from './plan-device-write.ts';
import { saveDevices } from './save-devices.ts';
import { retryAfterFailure, type SweepDue, sweepDue } from './sweep-schedule.ts';

/** Work that a crash may have to repeat, at most. */
const CHECKPOINT_MS = 15_000;
/** After this many failures in a row on one page its link is given up, and the run begins again at the first page. */
const FAILURES_UNTIL_FIRST_PAGE = 3;
/** More pages than any tenant has: pages that lead round in a circle end here. */
const MOST_PAGES = 20_000;
/** Problems of single records that are logged one by one; a page full of them says nothing more. */
const LOGGED_PROBLEMS_PER_PAGE = 5;

export interface SweepDeps {
  readonly source: ComplianceSource;
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly sweeps: SweepStore;
  readonly onChange: ChangeListener;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface SweepLimits {
  readonly pollingIntervalMs: number;
  /** A slice ends after the page during which this is over. */
  readonly sliceBudgetMs: number;
  /**
   * After this a dead owner's sweep goes on elsewhere. Longer than the host lets a function run, so that whoever has lost
   * the lease has been ended before.
   */
  readonly leaseMs: number;
}

export type SliceResult =
  | { readonly kind: Exclude<SweepDue, 'start' | 'resume'> }
  | { readonly kind: 'complete' | 'partial' | 'sliced' | 'lease-lost' }
  | { readonly kind: 'failed'; readonly error: ConnectorError };

/** @throws StoreError when the store does not answer; the next call goes on from the last checkpoint */
export async function runSweepSlice(deps: SweepDeps, limits: SweepLimits): Promise<SliceResult> {
  const { state, etag } = await deps.sweeps.read();
  const startedAt = toInstant(deps.clock.now());
  const due = sweepDue(state, startedAt, limits.pollingIntervalMs);
  if (due !== 'start' && due !== 'resume') return { kind: due };
  try {
    const slice = await SweepSlice.begin(deps, limits, state, etag, startedAt);
    return await slice.work();
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return { kind: 'lease-lost' };
    throw thrown;
  }
}

class SweepSlice {
  readonly #deps: SweepDeps;
  readonly #limits: SweepLimits;
  readonly #owner: string;
  readonly #startedAt: Instant;
  readonly #fleet: FleetIndex;
  #state: SweepState;
  #etag: string;
  /** Counts of pages read since the last checkpoint, which has not heard of them yet. */
  #run: SweepRun;
  #checkpointAt: Instant;
  /** Changes handed on, but not removed yet. */
  readonly #handedOn: DeviceChange[] = [];

  private constructor(
    deps: SweepDeps,
    limits: SweepLimits,
    lease: { state: SweepState; etag: string; owner: string },
    run: SweepRun,
    fleet: FleetIndex,
    now: Instant,
  ) {
    this.#deps = deps;
    this.#limits = limits;
    this.#owner = lease.owner;
    this.#state = lease.state;
    this.#etag = lease.etag;
    this.#run = run;
    this.#fleet = fleet;
    this.#startedAt = now;
    this.#checkpointAt = now;
  }

  /** Takes the lease, and starts a run unless one is under way. */
  static async begin(
    deps: SweepDeps,
    limits: SweepLimits,
    before: SweepState,
    etag: string | undefined,
    now: Instant,
  ): Promise<SweepSlice> {
    const owner = deps.random.hex(8);
    const run = { ...(before.run ?? newRun(deps.random.hex(8), now)), slices: (before.run?.slices ?? 0) + 1 };
    const state: SweepState = {
      ...before,
      owner,
      leaseUntil: addMilliseconds(now, limits.leaseMs),
      runNumber: before.run ? before.runNumber : before.runNumber + 1,
      run,
      lastStartedAt: run.startedAt,
    };
    const lease = { owner, state, etag: await deps.sweeps.write(state, etag) };
    return new SweepSlice(deps, limits, lease, run, await FleetIndex.load(deps.sweeps, state.runNumber), now);
  }

  async work(): Promise<SliceResult> {
    await this.#takeUpChanges();
    while (true) {
      const page = await this.#nextPage();
      if (page instanceof SourceError) return this.#stopAfter(page);
      // A page that took too long must not be saved by somebody who has lost the lease meanwhile.
      await this.#renewLease(toInstant(this.#deps.clock.now()));
      await this.#savePage(page);
      if (page.nextCursor === undefined) return this.#finish();
      this.#run = { ...this.#run, cursor: page.nextCursor };
      const now = toInstant(this.#deps.clock.now());
      if (millisecondsBetween(this.#startedAt, now) >= this.#limits.sliceBudgetMs) return this.#pause();
      if (millisecondsBetween(this.#checkpointAt, now) >= CHECKPOINT_MS) await this.#checkpoint(now);
    }
  }

  async #nextPage(): Promise<DevicePage | SourceError> {
    const { cursor } = this.#run;
    try {
      const page = await this.#deps.source.listDevices(cursor);
      const endless = this.#run.pages >= MOST_PAGES || page.nextCursor === cursor;
      return page.nextCursor !== undefined && endless ? pageLoop() : page;
    } catch (thrown) {
      if (thrown instanceof SourceError) return thrown;
      throw thrown;
    }
  }

  async #savePage(page: DevicePage): Promise<void> {
    const maybeChanged = withoutRepetitions(page.devices).filter((device) => !this.#fleet.isUnchanged(device));
    const saved = await saveDevices<Device>(
      this.#deps,
      maybeChanged.map((device) => ({
        key: device,
        plan: (stored) => planObserved(stored, device, page.requestedAt),
      })),
    );
    for (const device of saved.settled) this.#fleet.record(device);
    for (const device of page.devices) this.#fleet.markSeen(device);
    const { name: source } = this.#deps.source;
    const unreadable = page.unreadable.flatMap((id) => (id === undefined ? [] : [{ source, id }]));
    for (const key of unreadable) this.#fleet.markSeen(key);
    await this.#saveDoubted(unreadable);
    this.#reportProblems(page);
    await this.#handOn(saved.changes);
    this.#run = {
      ...withoutFailures(this.#run),
      pages: this.#run.pages + 1,
      devices: this.#run.devices + page.devices.length,
      saved: this.#run.saved + saved.written,
      rejected: this.#run.rejected + page.unreadable.length,
      countsAbsences: this.#run.countsAbsences && !page.unreadable.includes(undefined),
    };
  }

  /** Every page was read: what no page held is missing, and gone if it was missing before. */
  async #finish(): Promise<SliceResult> {
    const gone = this.#run.countsAbsences ? await this.#saveMissing() : 0;
    await this.#saveFleet(false);
    const result = this.#run.countsAbsences ? 'complete' : 'partial';
    await this.#recordRun(result, gone);
    const { id, startedAt, devices } = this.#run;
    await this.#release(result === 'complete' ? { lastComplete: { runId: id, startedAt, devices } } : {});
    return { kind: result };
  }

  /** @returns how many devices are gone now */
  async #saveMissing(): Promise<number> {
    const { source, devices } = this.#deps;
    const missed: DeviceKey[] = [];
    const gone: DeviceKey[] = [];
    for (const [shard, misses] of this.#fleet.countMisses()) {
      for await (const key of devices.listKeys(shard)) {
        const times = key.source === source.name ? misses.get(deviceHash(key)) : undefined;
        if (times !== undefined) (times >= MISSES_UNTIL_GONE ? gone : missed).push(key);
      }
    }
    await this.#saveDoubted(missed);
    const saved = await saveDevices(
      this.#deps,
      gone.map((key) => ({ key, plan: (stored) => planGone(stored, this.#run.startedAt) })),
    );
    await this.#handOn(saved.changes);
    for (const key of saved.settled) this.#fleet.forget(key);
    return saved.written;
  }

  /** The doubt is stored in the index first: whatever happens then, the next sighting looks at the row. */
  async #saveDoubted(keys: readonly DeviceKey[]): Promise<void> {
    if (keys.length === 0) return;
    for (const key of keys) this.#fleet.doubt(key);
    await this.#saveFleet(true);
    const confirmedUntil = this.#state.lastComplete?.startedAt;
    await saveDevices(
      this.#deps,
      keys.map((key) => ({ key, plan: (stored) => planDoubted(stored, confirmedUntil, this.#run.startedAt) })),
    );
  }

  async #stopAfter(error: SourceError): Promise<SliceResult> {
    const { clock, random, log } = this.#deps;
    const now = toInstant(clock.now());
    const failures = this.#run.failures + 1;
    const retryAt = retryAfterFailure(now, failures, error.retryAfterMs, random.fraction());
    log.warn('poll.page-failed', { code: error.code, message: error.message, action: error.action, failures, retryAt });
    const { cursor, ...run } = this.#run;
    const keepCursor = cursor !== undefined && failures % FAILURES_UNTIL_FIRST_PAGE !== 0;
    // Counts begin again with the pages.
    const counts = keepCursor ? { cursor } : { pages: 0, devices: 0, saved: 0, rejected: 0 };
    this.#run = { ...run, ...counts, failures, retryAt };
    await this.#saveFleet(true);
    await this.#release({ run: this.#run });
    return { kind: 'failed', error };
  }

  async #pause(): Promise<SliceResult> {
    await this.#saveFleet(true);
    await this.#release({ run: this.#run });
    return { kind: 'sliced' };
  }

  /** The index first: a checkpoint must never stand behind pages whose marks are not stored. */
  async #checkpoint(now: Instant): Promise<void> {
    await this.#saveFleet(true);
    await this.#write({ ...this.#state, run: this.#run, leaseUntil: addMilliseconds(now, this.#limits.leaseMs) });
    this.#checkpointAt = now;
  }

  async #renewLease(now: Instant): Promise<void> {
    await this.#write({ ...this.#state, leaseUntil: addMilliseconds(now, this.#limits.leaseMs) });
  }

  async #release(change: Pick<SweepState, 'lastComplete' | 'run'>): Promise<void> {
    const { owner, leaseUntil, run, ...rest } = this.#state;
    await this.#write({ ...rest, ...change });
  }

  async #write(state: SweepState): Promise<void> {
    this.#etag = await this.#deps.sweeps.write(state, this.#etag);
    this.#state = state;
  }

  async #recordRun(result: 'complete' | 'partial', gone: number): Promise<void> {
    const { cursor, retryAt, ...run } = this.#run;
    const finishedAt = toInstant(this.#deps.clock.now());
    await this.#deps.sweeps.recordRun({ ...run, result, finishedAt, gone });
    this.#deps.log.info('poll.run', { ...run, result, gone, owner: this.#owner });
  }

  /**
   * Changes a crash left: of their devices the index may still vouch for the content before, so that the device would not
   * be looked at again if it turned back. The doubt is stored before the changes are removed.
   */
  async #takeUpChanges(): Promise<void> {
    const left: DeviceChange[] = [];
    for await (const change of this.#deps.devices.pendingChanges()) left.push(change);
    if (left.length === 0) return;
    for (const change of left) this.#fleet.doubt(change);
    await this.#handOn(left);
    await this.#saveFleet(true);
  }

  async #handOn(changes: readonly DeviceChange[]): Promise<void> {
    for (const change of changes) await this.#deps.onChange(change);
    this.#handedOn.push(...changes);
  }

  /** Changes stay until the index knows of them: until then they are what tells that it does not. */
  async #saveFleet(keepMarks: boolean): Promise<void> {
    if (this.#fleet.needsSaving(keepMarks)) {
      // Whoever has lost the lease finds out before he spoils the index of his successor.
      await this.#renewLease(toInstant(this.#deps.clock.now()));
      await this.#fleet.save(this.#deps.sweeps, keepMarks);
    }
    await this.#deps.devices.removeChanges(this.#handedOn.splice(0));
  }

  #reportProblems({ problems }: DevicePage): void {
    for (const problem of problems.slice(0, LOGGED_PROBLEMS_PER_PAGE)) {
      this.#deps.log.warn('poll.record-problem', { code: 'NAC_INTUNE_RECORD', ...problem });
    }
    if (problems.length > LOGGED_PROBLEMS_PER_PAGE) {
      this.#deps.log.warn('poll.record-problems', { code: 'NAC_INTUNE_RECORD', onThisPage: problems.length });
    }
  }
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

/** A list that shifts while it is paged may show a device twice; the later record is the newer one. */
function withoutRepetitions(devices: readonly Device[]): Device[] {
  return [...new Map(devices.map((device) => [device.id, device])).values()];
}

function withoutFailures({ retryAt, ...run }: SweepRun): SweepRun {
  return { ...run, failures: 0 };
}

function pageLoop(): SourceError {
  return new SourceError('NAC_INTUNE_PAGE_LOOP', 'Pages lead round in a circle.', {
    action: 'The page is asked for again by itself; after several failures the run begins again.',
    field: '@odata.nextLink',
  });
}
