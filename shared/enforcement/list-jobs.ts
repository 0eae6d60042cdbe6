// Jobs as operators ask for them, newest first, page by page: a page reads a bounded number of them.

import { concurrently } from '../concurrently.ts';
import {
  type EnforcementJob,
  hasFailed,
  isFinal,
  type JobStage,
  wasAcknowledged,
} from '../domain/coa/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import type { Sites } from '../domain/sites.ts';
import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { findDifference } from './decide-jobs.ts';
import type { HeldSessions } from './list-held.ts';

export interface JobFilter {
  /** Only jobs of these sites. */
  readonly sites: Sites;
  readonly stage?: JobStage | undefined;
  readonly deviceId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Only jobs decided then or later. */
  readonly since?: Instant | undefined;
  /**
   * Decided, but not enforced: under way, or failed while the station still has an answer that policy does not give.
   */
  readonly notEnforced?: boolean | undefined;
  /** Id of the last job looked at for the page before. */
  readonly after?: string | undefined;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface JobPage {
  readonly jobs: readonly EnforcementJob[];
  /** Give it as `after` to go on; absent after the oldest job. A page may be short, or empty, and still have a next. */
  readonly next?: string;
  /**
   * With `notEnforced`, on the first page: live sessions for which no job is decided, since the breaker holds their
   * devices.
   */
  readonly held?: HeldSessions;
}

export interface ListJobsDeps {
  readonly jobs: JobStore;
  readonly sessions: SessionStore;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Jobs looked at for one page. */
const MOST_LOOKED_AT = 5_000;
/** Sessions compared with policy at once. */
const COMPARED_AT_ONCE = 16;
/** A page ends after this time, however few jobs it has found by then. */
const PAGE_MS = 20_000;

export async function listJobs(deps: ListJobsDeps, filter: JobFilter): Promise<JobPage> {
  const { limit, sites, since, after } = filter;
  const jobs: EnforcementJob[] = [];
  let candidates: EnforcementJob[] = [];
  let lookedAt = 0;
  const until = deps.clock.now().getTime() + PAGE_MS;
  const takeStanding = async (): Promise<void> => {
    const standing = await concurrently(candidates, COMPARED_AT_ONCE, (job) => isNotEnforced(deps, job));
    jobs.push(...candidates.filter((_, index) => standing[index]));
    candidates = [];
  };
  for await (const job of deps.jobs.list({ sites, since, after })) {
    lookedAt += 1;
    if (matches(job, filter)) (filter.notEnforced ? candidates : jobs).push(job);
    if (jobs.length + candidates.length === limit) await takeStanding();
    if (jobs.length === limit || lookedAt === MOST_LOOKED_AT || deps.clock.now().getTime() >= until) {
      await takeStanding();
      return { jobs, next: job.id };
    }
  }
  await takeStanding();
  return { jobs };
}

function matches(job: EnforcementJob, { stage, deviceId, sessionId }: JobFilter): boolean {
  if (stage !== undefined && job.stage !== stage) return false;
  if (deviceId !== undefined && job.device?.id !== deviceId.toLowerCase()) return false;
  return sessionId === undefined || job.sessionId === sessionId;
}

/**
 * An open job is listed until the station has got the wanted answer and nothing speaks against it. One that failed is
 * not listed any more once the session is over, the station has another answer, or policy has come back to the
 * one it has.
 */
export async function isNotEnforced(deps: ListJobsDeps, job: EnforcementJob): Promise<boolean> {
  if (job.wanted === undefined && wasAcknowledged(job)) return false;
  if (job.stage === 'answered') return job.keptClass !== undefined;
  if (!hasFailed(job)) return !isFinal(job);
  const session = await readSession(deps, job);
  // What cannot be read cannot be called enforced.
  if (session === 'unreadable') return true;
  const now = toInstant(deps.clock.now());
  if (session === undefined || !isConnected(session, now)) return false;
  if (job.wanted === undefined) return session.decision.decidedAt <= job.decidedAt;
  return (await findDifference(deps.decideAgain, session, now)) !== undefined;
}

async function readSession(
  { sessions, log }: ListJobsDeps,
  { sessionId, site, id }: EnforcementJob,
): Promise<Session | undefined | 'unreadable'> {
  try {
    return await sessions.read(sessionId);
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_STORE_ROW') throw thrown;
    const { code, message, action } = thrown;
    log.error('enforcement.row-unreadable', { code, message, action, site, job: id });
    return 'unreadable';
  }
}
