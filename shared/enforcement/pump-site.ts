// The outbox of one site: settles jobs that have ended, and queues due ones as far as there is room.

import { concurrently } from '../concurrently.ts';
import { advance, isDue, queuedAttempt } from '../domain/coa/advance-job.ts';
import { coaTargetOf } from '../domain/coa/coa-target.ts';
import { type EnforcementJob, isInFlight } from '../domain/coa/enforcement-job.ts';
import { jobAttributes } from '../domain/coa/job-attributes.ts';
import type { CoaJob } from '../domain/coa-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { JobStore, StoredJob } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { type Logger, type Telemetry, traced } from '../ports/telemetry.ts';
import { findDifference } from './decide-jobs.ts';
import { NasShares } from './nas-shares.ts';
import { addOpenJob, isNotSuperseded, type OpenJobs } from './open-jobs.ts';
import { settleJob } from './settle-job.ts';

export interface PumpDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry?: Telemetry | undefined;
}

export interface PumpLimits {
  /** Jobs that a site's queue and relay may have at once. */
  readonly inFlightPerSite: number;
}

/** Jobs of a site looked at, or sent, at once. */
const JOBS_AT_ONCE = 16;

interface OpenJob extends StoredJob {
  readonly session: Session | undefined;
}

export interface SitePumped {
  /** Attempts queued. */
  readonly queued: number;
  /** Ids of jobs that the queue or the relay has now. */
  readonly inFlight: readonly string[];
}

/**
 * @param stored jobs of the site that have not ended: all of them, or those that this pass looks at
 * @param order of those that are due
 * @throws QueueError, StoreError
 */
export async function pumpSite(
  deps: PumpDeps,
  limits: PumpLimits,
  stored: readonly StoredJob[],
  order: <T extends { readonly job: EnforcementJob }>(due: readonly T[], now: Instant) => readonly T[] = asTheyAre,
): Promise<SitePumped> {
  const now = toInstant(deps.clock.now());
  // A CoA for a session of before a restart would only meet a NAK 503.
  const [first] = stored.filter(({ job }) => isDue(job, now));
  if (first !== undefined) deps.sessions.forgetRestarts(first.job.site);
  const ofSessions: OpenJobs = new Map();
  for (const { job } of stored) addOpenJob(ofSessions, job);
  const looked = await concurrently(stored, JOBS_AT_ONCE, (one) => look(deps, one, ofSessions, now));
  const open = looked.filter((one) => one !== undefined);
  const isWaiting = ({ job, session }: OpenJob) =>
    session !== undefined && isConnected(session, now) && isDue(job, now);
  const due = [...order(firstAttemptsFirst(open.filter(isWaiting)), now)];
  const shares = new NasShares(
    limits.inFlightPerSite,
    open.map(({ job }) => job),
    now,
  );
  const inFlight = open.flatMap(({ job }) => (isInFlight(job) ? [job.id] : []));
  let queued = 0;
  for (let next = shares.take(due, JOBS_AT_ONCE); next.length > 0; next = shares.take(due, JOBS_AT_ONCE)) {
    const sent = await concurrently(next, JOBS_AT_ONCE, (job) => queueUnlessOvertaken(deps, job, now));
    for (const [index, { job }] of next.entries()) {
      if (sent[index]) inFlight.push(job.id);
      else shares.giveBack(job);
    }
    queued += sent.filter(Boolean).length;
  }
  return { queued, inFlight };
}

const asTheyAre = <T>(due: readonly T[]): readonly T[] => due;

/** Settles the job. @returns the job with its session and with where that is now, or nothing when it was settled */
async function look(
  deps: PumpDeps,
  { job, etag }: StoredJob,
  ofSessions: OpenJobs,
  now: Instant,
): Promise<OpenJob | undefined> {
  const session = await readSession(deps, job);
  if (session === 'unreadable') return undefined;
  const settled = settleJob(job, session, isNotSuperseded(job, ofSessions.get(job.sessionId) ?? []), now);
  if (settled !== job) {
    await write(deps, settled, etag);
    // While it waited for its proof, what the station has by now may have been compared, and this job covered it.
    if (job.stage === 'answered' && settled.stage === 'superseded') {
      await deps.sessions.noteToCompare(job.sessionId, now);
    }
    return undefined;
  }
  if (session !== undefined && waits(job) && (await isOvertaken(deps, job, session, now))) {
    await write(deps, advance(job, 'superseded', now), etag);
    return undefined;
  }
  // The station may have moved on, or its NAS may call the session by another name, since the job was decided.
  return { job: session === undefined ? job : { ...job, ...coaTargetOf(session) }, etag, session };
}

async function readSession(
  { sessions, log }: PumpDeps,
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

/** It waits for an answer or a proof that may never come, until its next attempt is due. */
function waits({ stage }: EnforcementJob): boolean {
  return stage === 'acknowledged' || stage === 'no-answer';
}

/** Policy has come back to every answer that the NAS may act on. */
async function isOvertaken(deps: PumpDeps, job: EnforcementJob, session: Session, now: Instant): Promise<boolean> {
  return job.wanted !== undefined && (await findDifference(deps.decideAgain, session, now)) === undefined;
}

/** Urgent ones first, as they come; among these, and among the others, first attempts before retries. */
function firstAttemptsFirst(due: readonly OpenJob[]): OpenJob[] {
  const rank = ({ job }: OpenJob): number => (job.urgent ? 0 : 2) + (job.stage === 'decided' ? 0 : 1);
  return due.toSorted((one, other) => rank(one) - rank(other));
}

async function queueUnlessOvertaken(deps: PumpDeps, { job, etag, session }: OpenJob, now: Instant): Promise<boolean> {
  if (session !== undefined && (await isOvertaken(deps, job, session, now))) {
    await write(deps, advance(job, 'superseded', now), etag);
    return false;
  }
  // Sent first, then written: a crash in between sends the same attempt again under the same message id, and
  // duplicate detection drops it.
  const attempt = queuedAttempt(job);
  await send(deps, job, attempt);
  await write(deps, advance(job, 'queued', now, attempt), etag);
  return true;
}

function send({ queue, telemetry }: PumpDeps, job: EnforcementJob, attempt: number): Promise<void> {
  const attributes = {
    ...jobAttributes({ ...job, attempt }),
    'messaging.system': 'servicebus',
    'messaging.operation.type': 'send',
  };
  return traced(telemetry, 'nac.job.queue', { parent: job.trace, kind: 'producer', attributes }, () =>
    queue.send(toCoaJob(job, attempt), telemetry?.traceparent()),
  );
}

/** Another process' write is as good: the next round sees it. */
async function write({ jobs, log }: PumpDeps, job: EnforcementJob, etag: string): Promise<void> {
  if (!(await jobs.update(job, etag))) return;
  const { id, site, stage, attempt, keptClass, hint } = job;
  log.info('enforcement.job', { job: id, site, stage, attempt, ...(keptClass !== undefined && { keptClass, hint }) });
}

function toCoaJob(job: EnforcementJob, attempt: number): CoaJob {
  const { id, site, action, session, nas, decidedAt, expiresAt } = job;
  return { id, attempt, site, action, session, nas, decidedAt, expiresAt };
}
