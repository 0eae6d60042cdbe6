// What has become of a job, as its session shows it: proven, ended, pointless, too old, or as it was.

import { advance } from '../domain/advance-job.ts';
import { sameOutcome } from '../domain/decision.ts';
import { type EnforcementJob, isInHand, wasAcknowledged } from '../domain/enforcement-job.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';

/** A station that was disconnected and is not back after this has gone. */
const RETURN_MS = 5 * 60_000;

/** @param newest false when a newer job is about the same session */
export function settleJob(
  job: EnforcementJob,
  session: Session | undefined,
  newest: boolean,
  now: Instant,
): EnforcementJob {
  if (!newest || session === undefined) return advance(job, 'superseded', now);
  if (isProven(job, session))
    return advance(advance(job, 'reauthenticated', session.decision.decidedAt), 'proven', now);
  if (!isLive(session, now)) return settleEnded(job, now);
  return job.expiresAt <= now ? advance(job, 'expired', now) : job;
}

/**
 * A Disconnect ends the session, and its Stop may be here before the relay's report and always is before the station asks
 * again: the job waits for both. A session that ended by itself leaves nothing to enforce.
 */
function settleEnded(job: EnforcementJob, now: Instant): EnforcementJob {
  const expired = job.expiresAt <= now;
  const acknowledgedAt = job.steps.findLast(({ stage }) => stage === 'acknowledged')?.at;
  if (acknowledgedAt !== undefined) {
    return expired || addMilliseconds(acknowledgedAt, RETURN_MS) <= now ? advance(job, 'ended', now) : job;
  }
  return isInHand(job) && !expired ? job : advance(job, 'superseded', now);
}

/** The station is told what it should be told. What an operator asked for is proven when it has asked again at all. */
function isProven(job: EnforcementJob, { decision }: Session): boolean {
  if (job.wanted !== undefined) return decision.decidedAt > job.decidedAt && sameOutcome(decision.outcome, job.wanted);
  const queuedAt = job.steps.findLast(({ stage }) => stage === 'queued')?.at ?? job.decidedAt;
  return wasAcknowledged(job) && decision.decidedAt > queuedAt;
}
