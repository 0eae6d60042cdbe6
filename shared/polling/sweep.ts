// The sweep: reads every device of the source, page by page, and saves what changed. One call works one slice:
//
//   is it due? -> take the lease -> hand on changes a crash left -> page -> compare -> save -> hand on -> checkpoint
//   -> next page, or, after the last one: count absences -> record the run
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
import { dispatchChanges } from './dispatch-changes.ts';
import { FleetIndex, MISSES_UNTIL_GONE } from './fleet-index.ts';
import { planDoubted, planGone, planObserved } from './plan-device-write.ts';
import { saveDevices } from './save-devices.ts';
import { retryAfterFailure, type SweepDue, sweepDue } from './sweep-schedule.ts';

/** Longer than the slowest page takes to fetch and save; after it a dead owner's sweep goes on elsewhere. */
const LEASE_MS = 120_000;
/** Work that a crash may have to repeat, at most. */
const CHECKPOINT_MS = 15_000;
/** After this many failures in a row on one page its link is given up, and the run begins again at the first page. */
const FAILURES_UNTIL_FIRST_PAGE = 3;
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
    const slice = await SweepSlice.begin(deps, state, etag, startedAt);
    return await slice.work(limits.sliceBudgetMs);
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return { kind: 'lease-lost' };
    throw thrown;
  }
}

class SweepSlice {
  readonly #deps: SweepDeps;
  readonly #owner: string;
  readonly #startedAt: Instant;
  readonly #fleet: FleetIndex;
  #state: SweepState;
  #etag: string;
  /** Counts of pages read since the last checkpoint, which has not heard of them yet. */
  #run: SweepRun;
  #checkpointAt: Instant;

  private constructor(
    deps: SweepDeps,
    lease: { state: SweepState; etag: string; owner: string },
    run: SweepRun,
    fleet: FleetIndex,
    now: Instant,
  ) {
    this.#deps = deps;
    this.#owner = lease.owner;
    this.#state = lease.state;
    this.#etag = lease.etag;
    this.#run = run;
    this.#fleet = fleet;
    this.#startedAt = now;
    this.#checkpointAt = now;
  }

  /** Takes the lease, and starts a run unless one is under way. */
  static async begin(deps: SweepDeps, before: SweepState, etag: string | undefined, now: Instant): Promise<SweepSlice> {
    const owner = deps.random.hex(8);
    const run = { ...(before.run ?? newRun(deps.random.hex(8), now)), slices: (before.run?.slices ?? 0) + 1 };
    const state: SweepState = {
      ...before,
      owner,
      leaseUntil: addMilliseconds(now, LEASE_MS),
      runNumber: before.run ? before.runNumber : before.runNumber + 1,
      run,
      lastStartedAt: run.startedAt,
    };
    const lease = { owner, state, etag: await deps.sweeps.write(state, etag) };
    return new SweepSlice(deps, lease, run, await FleetIndex.load(deps.sweeps, state.runNumber), now);
  }

  async work(budgetMs: number): Promise<SliceResult> {
    await this.#handOn(this.#deps.devices.pendingChanges());
    while (true) {
      const page = await this.#nextPage();
      if (page instanceof SourceError) return this.#stopAfter(page);
      await this.#savePage(page);
      if (page.nextCursor === undefined) return this.#finish();
      this.#run = { ...this.#run, cursor: page.nextCursor };
      const now = toInstant(this.#deps.clock.now());
      if (millisecondsBetween(this.#startedAt, now) >= budgetMs) return this.#pause();
      if (millisecondsBetween(this.#checkpointAt, now) >= CHECKPOINT_MS) await this.#checkpoint(now);
      else await this.#renewLease(now);
    }
  }

  async #nextPage(): Promise<DevicePage | SourceError> {
    const { cursor } = this.#run;
    try {
      const page = await this.#deps.source.listDevices(cursor);
      return page.nextCursor !== undefined && page.nextCursor === cursor ? pageLoop() : page;
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
    await this.#fleet.save(this.#deps.sweeps, false);
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

  /** The doubt first goes into the index: whatever happens then, the next sighting looks at the row. */
  async #saveDoubted(keys: readonly DeviceKey[]): Promise<void> {
    for (const key of keys) this.#fleet.doubt(key);
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
    this.#run = { ...run, ...(keepCursor && { cursor }), failures, retryAt };
    await this.#fleet.save(this.#deps.sweeps, true);
    await this.#release({ run: this.#run });
    return { kind: 'failed', error };
  }

  async #pause(): Promise<SliceResult> {
    await this.#fleet.save(this.#deps.sweeps, true);
    await this.#release({ run: this.#run });
    return { kind: 'sliced' };
  }

  /** The index first: a checkpoint must never stand behind pages whose marks are not stored. */
  async #checkpoint(now: Instant): Promise<void> {
    await this.#fleet.save(this.#deps.sweeps, true);
    await this.#write({ ...this.#state, run: this.#run, leaseUntil: addMilliseconds(now, LEASE_MS) });
    this.#checkpointAt = now;
  }

  async #renewLease(now: Instant): Promise<void> {
    await this.#write({ ...this.#state, leaseUntil: addMilliseconds(now, LEASE_MS) });
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

  async #handOn(changes: Iterable<DeviceChange> | AsyncIterable<DeviceChange>): Promise<void> {
    await dispatchChanges(this.#deps.devices, changes, this.#deps.onChange);
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
  return new SourceError('NAC_INTUNE_PAGE_LOOP', 'A page names itself as the next one.', {
    action: 'The page is asked for again by itself; after several failures the run begins again.',
    field: '@odata.nextLink',
  });
}
