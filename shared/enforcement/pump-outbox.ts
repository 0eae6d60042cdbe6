// The outbox at work: proves what was done, gives up what is too old, and queues what is due, a few jobs a site at a time.
// Ordering, pacing and superseding happen here and not in the queue, so one dead switch never holds up its site.

import type { CoaJob } from '../domain/coa-job.ts';
import { advance, type EnforcementJob, isDue, isInHand, queuedAttempt } from '../domain/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock, JobQueue, JobStore, Logger, SessionStore, StoredJob } from '../ports.ts';
import { type AnswerNow, sameOutcome } from './decide-jobs.ts';

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

/** @returns how many attempts were queued */
export async function pumpOutbox(deps: PumpDeps, limits: PumpLimits): Promise<number> {
  const bySite = new Map<string, StoredJob[]>();
  for await (const stored of deps.jobs.listOpen()) {
    bySite.set(stored.job.site, [...(bySite.get(stored.job.site) ?? []), stored]);
  }
  // A site whose queue is away holds up no other.
  const results = await Promise.allSettled([...bySite.values()].map((open) => pumpSite(deps, limits, open)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
}

/** What queues gave up on is tried again by the outbox. */
export async function takeDeadLetters(deps: PumpDeps): Promise<void> {
  const sites = new Set<string>();
  for await (const { job } of deps.jobs.listOpen()) sites.add(job.site);
  for (const site of sites)
    await deps.queue.takeDeadLetters(site, (deadLetter) => giveUpAttempt(deps, site, deadLetter));
}

async function pumpSite(deps: PumpDeps, limits: PumpLimits, open: StoredJob[]): Promise<number> {
  const now = toInstant(deps.clock.now());
  const newest = newestPerSession(open);
  let inHand = open.filter(({ job }) => isInHand(job)).length;
  let queued = 0;
  for (const { job, etag } of open) {
    const session = await deps.sessions.read(job.sessionId);
    const settled = settle(job, session, newest.get(job.sessionId) === job.id, now);
    if (settled !== job) await write(deps, settled, etag);
    else if (session !== undefined && isDue(job, now) && (await isPointless(deps, job, session))) {
      await write(deps, advance(job, 'superseded', now), etag);
    } else if (isDue(job, now) && inHand < limits.inHandPerSite) {
      await queueAttempt(deps, job, etag, now);
      inHand += 1;
      queued += 1;
    }
  }
  return queued;
}

/** The job as its session shows it: proven, pointless, too old, or as it was. */
function settle(job: EnforcementJob, session: Session | undefined, newest: boolean, now: Instant): EnforcementJob {
  if (!newest || session === undefined || !isLive(session, now)) return advance(job, 'superseded', now);
  const { decision } = session;
  if (isProven(job, session)) return advance(advance(job, 'reauthenticated', decision.decidedAt), 'proven', now);
  return job.expiresAt <= now ? advance(job, 'expired', now) : job;
}

/**
 * The station is told what it should be told. What an operator asked for is proven when the station asked after the
 * attempt was queued and acknowledged; an unchanged answer within five minutes leaves no trace to see that by.
 */
function isProven(job: EnforcementJob, { decision }: Session): boolean {
  if (job.wanted !== undefined) return decision.decidedAt > job.decidedAt && sameOutcome(decision.outcome, job.wanted);
  const queuedAt = job.steps.findLast(({ stage }) => stage === 'queued')?.at ?? job.decidedAt;
  return job.stage === 'acknowledged' && decision.decidedAt > queuedAt;
}

/** The device has turned back meanwhile: the station was told what it would be told now. */
async function isPointless({ decideAgain }: PumpDeps, job: EnforcementJob, session: Session): Promise<boolean> {
  return job.wanted !== undefined && sameOutcome((await decideAgain(session)).outcome, session.decision.outcome);
}

/**
 * Sent first, written down after: dying in between sends the same attempt again under the same message id, and duplicate
 * detection drops it.
 */
async function queueAttempt(deps: PumpDeps, job: EnforcementJob, etag: string, now: Instant): Promise<void> {
  const attempt = queuedAttempt(job);
  await deps.queue.send(toCoaJob(job, attempt));
  await write(deps, advance(job, 'queued', now, attempt), etag);
}

async function giveUpAttempt(
  { jobs, clock, log }: PumpDeps,
  site: string,
  { job: dead, reason }: { readonly job?: CoaJob; readonly reason: string },
): Promise<void> {
  log.error('enforcement.dead-letter', { site, job: dead?.id, attempt: dead?.attempt, reason });
  if (dead === undefined) return;
  const stored = await jobs.read(site, dead.id);
  if (stored === undefined || stored.job.attempt !== dead.attempt) return;
  const now = toInstant(clock.now());
  const failed = advance(stored.job, 'no-answer', now);
  const hint = `The queue gave the message up: ${reason}.`;
  if (failed !== stored.job) await jobs.update({ ...failed, hint, nextAttemptAt: now }, stored.etag);
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
