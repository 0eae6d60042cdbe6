// Removes what has been over for long: decisions first, since most is written of them, then sessions, jobs, the audit
// and devices. Its time is bounded and shared out among them, so that each of them gets done.

import { SHARDS } from '../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type PurgeTask, type PurgeTasksDeps, runPurgeTasks } from './run-purge-tasks.ts';

export interface HousekeepingDeps extends PurgeTasksDeps {
  readonly decisions: Pick<DecisionStore, 'removeBefore'>;
  readonly sessions: Pick<SessionStore, 'removeSilent'>;
  readonly jobs: Pick<JobStore, 'listSites' | 'removeFinished'>;
  readonly audit: Pick<AuditStore, 'removeBefore'>;
  readonly devices: {
    /** Removes records of devices of a shard that were gone by then, with the pointers to them. @returns how many */
    removeGone(shard: string, before: Instant, options: CallOptions): Promise<number>;
  };
  readonly log: Logger;
}

/** Milliseconds for which each is kept. */
export interface HousekeepingLimits {
  readonly decisionHistoryMs: number;
  /** From a job's end. */
  readonly jobHistoryMs: number;
  readonly auditHistoryMs: number;
  /** From the time when a device was gone. */
  readonly deviceHistoryMs: number;
}

/** Rows removed of each kind. */
export interface Removed {
  readonly decisions: number;
  readonly sessions: number;
  readonly jobs: number;
  readonly audit: number;
  readonly devices: number;
}

export const HOUSEKEEPING_TASK = 'housekeeping';
/** The rest of the time that a function may run is for what is under way when the budget ends. */
const BUDGET_SHARE = 0.5;
/**
 * Partitions of their own, each with a transaction under way: an hour's decisions of a large fleet go within the time.
 */
const DECISION_SHARDS_AT_ONCE = 4;

/**
 * @param functionTimeoutMs how long the host lets a function run before it ends the process
 * @throws StoreError after every kind has had its turn
 */
export async function purgeExpired(
  deps: HousekeepingDeps,
  limits: HousekeepingLimits,
  functionTimeoutMs: number,
): Promise<Removed> {
  const now = toInstant(deps.clock.now());
  const chores = choresOf(deps, limits, now);
  const { removed, unfinished, failure } = await runPurgeTasks(
    deps,
    HOUSEKEEPING_TASK,
    chores,
    functionTimeoutMs * BUDGET_SHARE,
  );
  const { decisions = 0, sessions = 0, jobs = 0, audit = 0, devices = 0 } = removed;
  const all = { decisions, sessions, jobs, audit, devices };
  if (Object.values(all).some((count) => count > 0)) deps.log.info('housekeeping.removed', all);
  if (unfinished.length > 0) deps.log.info('housekeeping.goes-on', { unfinished });
  if (failure !== undefined) throw failure;
  return all;
}

function choresOf(
  { decisions, sessions, jobs, audit, devices }: HousekeepingDeps,
  { decisionHistoryMs, jobHistoryMs, auditHistoryMs, deviceHistoryMs }: HousekeepingLimits,
  now: Instant,
): PurgeTask[] {
  const before = (keptMs: number): Instant => addMilliseconds(now, -keptMs);
  return [
    {
      name: 'decisions',
      share: 4,
      atOnce: DECISION_SHARDS_AT_ONCE,
      parts: async () => SHARDS,
      work: (shard, signal) => decisions.removeBefore(shard, before(decisionHistoryMs), { signal }),
    },
    {
      name: 'sessions',
      share: 3,
      atOnce: 1,
      parts: async () => SHARDS,
      work: (shard, signal) => sessions.removeSilent(shard, now, { signal }),
    },
    {
      name: 'jobs',
      share: 2,
      atOnce: 1,
      parts: async () => Array.fromAsync(jobs.listSites()),
      work: (site, signal) => jobs.removeFinished(site, before(jobHistoryMs), { signal }),
    },
    {
      name: 'audit',
      share: 1,
      atOnce: 1,
      parts: async () => ['all'],
      work: (_, signal) => audit.removeBefore(before(auditHistoryMs), { signal }),
    },
    {
      name: 'devices',
      share: 1,
      atOnce: 1,
      parts: async () => SHARDS,
      work: (shard, signal) => devices.removeGone(shard, before(deviceHistoryMs), { signal }),
    },
  ];
}
