// The reconciliation: page by page every session is compared with policy, with checkpoints on the way, so that it goes
// on after any interruption. It is due by time, after a complete sweep, and after a change of policy or sources has
// settled.

import { concurrently } from '../concurrently.ts';
import { SHARDS } from '../domain/device/device.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { compareSafely } from './compare-safely.ts';
import {
  type ComparisonRun,
  type ComparisonState,
  type ComparisonTaskDeps,
  type ComparisonTrigger,
  LeasedComparison,
  readComparison,
} from './comparison-task.ts';
import type { DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';

export type ReconcileDeps = DecideJobsDeps & ComparisonTaskDeps;

export interface ReconcileLimits {
  /** Milliseconds from the start of one comparison to the next, where nothing else makes it due. */
  readonly intervalMs: number;
  readonly leaseMs: number;
}

export interface ReconcileTime {
  /** No further page is begun after this. */
  readonly until: Instant;
  /** Jobs that have not ended, read lately. */
  readonly open: () => OpenJobs;
  /** What must not wait for the end of the comparison; called between pages. */
  readonly betweenPages: () => Promise<void>;
}

/** Sessions of a page: a second's work, so that a kill loses no more. */
const PAGE = 500;
const CHECKPOINT_EVERY_MS = 2_000;
/** Sessions compared at once. */
const SESSIONS_AT_ONCE = 32;
/** A comparison that is older than this many intervals is reported. */
const OVERDUE_INTERVALS = 2;

export interface ReconcileResult {
  /** Jobs decided. */
  readonly decided: number;
  readonly completed: boolean;
  /** Where the comparison stands afterwards, by what this process knows. */
  readonly state: ComparisonState;
}

export async function reconcile(
  deps: ReconcileDeps,
  limits: ReconcileLimits,
  occasion: ComparisonTrigger,
  time: ReconcileTime,
): Promise<ReconcileResult> {
  const now = toInstant(deps.clock.now());
  const { state, etag } = await readComparison(deps.tasks);
  const nothing: ReconcileResult = { decided: 0, completed: false, state };
  if (deps.stopping?.aborted) return nothing;
  if (state.owner !== undefined && (state.leaseUntil ?? '') > now) return nothing;
  const due = { ...state.completed?.occasion, ...occasion };
  const run = state.run ?? (isDue(state, due, limits, now) ? begin(due, now) : undefined);
  if (run === undefined) return nothing;
  const inFlight = new LeasedComparison(deps, limits.leaseMs, state, etag);
  if (!(await inFlight.write({ since: now, ...state, run }))) return nothing;
  return work(deps, inFlight, run, time);
}

/** How long ago the comparison began that was completed last, if that is longer than it may be. */
export function overdueMs(
  { completed, since }: ComparisonState,
  { intervalMs }: Pick<ReconcileLimits, 'intervalMs'>,
  now: Instant,
): number | undefined {
  const from = completed?.startedAt ?? since;
  const age = from === undefined ? 0 : millisecondsBetween(from, now);
  return age > OVERDUE_INTERVALS * intervalMs ? age : undefined;
}

function isDue(
  { completed }: ComparisonState,
  due: ComparisonTrigger,
  { intervalMs }: ReconcileLimits,
  now: Instant,
): boolean {
  if (completed === undefined) return true;
  const known = completed.occasion;
  if (due.sweep !== known.sweep || due.policy !== known.policy || due.sources !== known.sources) return true;
  if ((due.overrides ?? '') > completed.startedAt) return true;
  return addMilliseconds(completed.startedAt, intervalMs) <= now;
}

function begin(occasion: ComparisonTrigger, startedAt: Instant): ComparisonRun {
  return { startedAt, occasion, shard: 0, compared: 0, decided: 0, unreadable: 0 };
}

async function work(
  deps: ReconcileDeps,
  inFlight: LeasedComparison,
  first: ComparisonRun,
  time: ReconcileTime,
): Promise<ReconcileResult> {
  let run = first;
  let saved: Saved = { compared: first.compared, at: toInstant(deps.clock.now()) };
  const done = (completed: boolean): ReconcileResult => ({
    decided: run.decided - first.decided,
    completed,
    state: inFlight.state,
  });
  while (run.shard < SHARDS.length) {
    if (deps.stopping?.aborted || toInstant(deps.clock.now()) >= time.until) {
      await inFlight.write({ ...inFlight.state, run }, { release: true });
      return done(false);
    }
    run = await comparePage(deps, run, time.open());
    if (isWorthACheckpoint(saved, run, toInstant(deps.clock.now()))) {
      if (!(await inFlight.write({ ...inFlight.state, run }))) return done(false);
      saved = { compared: run.compared, at: toInstant(deps.clock.now()) };
    }
    await time.betweenPages();
  }
  const { startedAt, occasion, compared, decided, unreadable } = run;
  const at = toInstant(deps.clock.now());
  const { run: _, ...rest } = inFlight.state;
  if (!(await inFlight.write({ ...rest, completed: { startedAt, at, occasion } }, { release: true })))
    return done(false);
  const tookMs = millisecondsBetween(startedAt, at);
  deps.log.info('enforcement.compared', { sessions: compared, jobs: decided, unreadable, tookMs });
  if (decided > 0) deps.log.warn('enforcement.reconciled', { jobs: decided });
  return done(true);
}

interface Saved {
  readonly compared: number;
  readonly at: Instant;
}

/** A few sessions are compared again faster than the row is written; a second's work is not. */
function isWorthACheckpoint(saved: Saved, { compared }: ComparisonRun, now: Instant): boolean {
  return compared - saved.compared >= PAGE || millisecondsBetween(saved.at, now) >= CHECKPOINT_EVERY_MS;
}

async function comparePage(deps: ReconcileDeps, run: ComparisonRun, open: OpenJobs): Promise<ComparisonRun> {
  const shard = SHARDS[run.shard] ?? '0';
  const page = await deps.sessions.listPage(shard, {
    ...(run.after !== undefined && { after: run.after }),
    limit: PAGE,
  });
  const results = await concurrently(page.sessions, SESSIONS_AT_ONCE, (session) => compareSafely(deps, session, open));
  const of = (kind: string): number => results.filter((result) => result === kind).length;
  const { after: _, ...rest } = run;
  return {
    ...rest,
    ...(page.next === undefined ? { shard: run.shard + 1 } : { after: page.next }),
    compared: run.compared + results.length,
    decided: run.decided + of('decided'),
    unreadable: run.unreadable + of('unreadable') + page.unreadable,
  };
}
