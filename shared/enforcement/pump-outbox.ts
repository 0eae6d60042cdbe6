// The outbox at work: settles what has come to an end, and queues what is due, a few jobs a site at a time. Ordering,
// pacing and superseding happen here and not in the queue, so one dead switch never holds up its site.

import { concurrently } from '../concurrently.ts';
import { advance, isDue, queuedAttempt } from '../domain/advance-job.ts';
import type { AnswerNow } from '../domain/answer-now.ts';
import type { CoaJob } from '../domain/coa-job.ts';
import { sameOutcome } from '../domain/decision.ts';
import { type EnforcementJob, isInHand } from '../domain/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { JobStore, StoredJob } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { NasShares } from './nas-shares.ts';
import { settleJob } from './settle-job.ts';

export interface PumpDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface PumpLimits {
  /** Jobs that a site's queue and relay may have in hand at once. */
  readonly inHandPerSite: number;
}

/** Jobs of a site looked at, or sent, at once. */
const JOBS_AT_ONCE = 16;

/** @returns how many attempts were queued */
export async function pumpOutbox(deps: PumpDeps, limits: PumpLimits): Promise<number> {
  const bySite = new Map<string, StoredJob[]>();
  for await (const stored of deps.jobs.listOpen()) {
    const open = bySite.get(stored.job.site) ?? [];
    open.push(stored);
    bySite.set(stored.job.site, open);
  }
  // A site whose queue is away holds up no other.
  const results = await Promise.allSettled([...bySite.values()].map((open) => pumpSite(deps, limits, open)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
}

interface OpenJob extends StoredJob {
  readonly session: Session | undefined;
}

async function pumpSite(deps: PumpDeps, limits: PumpLimits, stored: StoredJob[]): Promise<number> {
  const now = toInstant(deps.clock.now());
  const newest = newestPerSession(stored);
  const looked = await concurrently(stored, JOBS_AT_ONCE, async ({ job, etag }): Promise<OpenJob | undefined> => {
    const session = await deps.sessions.read(job.sessionId);
    const settled = settleJob(job, session, newest.get(job.sessionId) === job.id, now);
    if (settled === job) return { job, etag, session };
    await write(deps, settled, etag);
    return undefined;
  });
  const open = looked.filter((one) => one !== undefined);
  const due = open.filter(({ job, session }) => session !== undefined && isLive(session, now) && isDue(job, now));
  let free = limits.inHandPerSite - open.filter(({ job }) => isInHand(job)).length;
  const shares = new NasShares(
    limits.inHandPerSite,
    open.map(({ job }) => job),
  );
  let queued = 0;
  while (free > 0) {
    const next = shares.take(due, Math.min(free, JOBS_AT_ONCE));
    if (next.length === 0) break;
    const sent = await concurrently(next, JOBS_AT_ONCE, (job) => queueUnlessPointless(deps, job, now));
    for (const [index, { job }] of next.entries()) if (!sent[index]) shares.giveBack(job);
    const count = sent.filter(Boolean).length;
    queued += count;
    free -= count;
  }
  return queued;
}

/** The device may have turned back meanwhile: the station was told what it would be told now. */
async function queueUnlessPointless(deps: PumpDeps, { job, etag, session }: OpenJob, now: Instant): Promise<boolean> {
  if (job.wanted !== undefined && session !== undefined) {
    const { outcome } = await deps.decideAgain(session);
    if (sameOutcome(outcome, session.decision.outcome)) {
      await write(deps, advance(job, 'superseded', now), etag);
      return false;
    }
  }
  // Sent first, written down after: dying in between sends the same attempt again under the same message id, and
  // duplicate detection drops it.
  const attempt = queuedAttempt(job);
  await deps.queue.send(toCoaJob(job, attempt));
  await write(deps, advance(job, 'queued', now, attempt), etag);
  return true;
}

/** Somebody else's write is as good: the next round sees it. */
async function write({ jobs, log }: PumpDeps, job: EnforcementJob, etag: string): Promise<void> {
  if (!(await jobs.update(job, etag))) return;
  log.info('enforcement.job', { job: job.id, site: job.site, stage: job.stage, attempt: job.attempt });
}

function newestPerSession(open: readonly StoredJob[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const { job } of open) {
    // Ids begin with the time counted backwards.
    const known = newest.get(job.sessionId);
    if (known === undefined || job.id < known) newest.set(job.sessionId, job.id);
  }
  return newest;
}

function toCoaJob(job: EnforcementJob, attempt: number): CoaJob {
  const { id, site, action, session, nas, decidedAt, expiresAt } = job;
  return { id, attempt, site, action, session, nas, decidedAt, expiresAt };
}
