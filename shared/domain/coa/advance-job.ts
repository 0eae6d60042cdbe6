// How a job moves on: by what its relay reports, and by time. It never moves backward: (attempt, stage) only grows.

import type { CoaReport } from '../coa-job.ts';
import { addMilliseconds, type Instant } from '../instant.ts';
import { type EnforcementJob, isFinal, JOB_STAGES, type JobStage } from './enforcement-job.ts';

const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** A station that was sent to ask again is back within seconds; one that is not may have met a lookup that was away. */
const FIRST_PROOF_WAIT_MS = 2 * 60_000;
/** The first accounting after an answer may have left the NAS before it had the answer. */
const FIRST_APPLY_WAIT_MS = 30_000;
/** Error-Causes that pass: 505 Other Proxy Processing Error, 506 Resources Unavailable (RFC 5176 section 3.5). */
const PASSING_ERROR_CAUSES = [505, 506];
/**
 * Error-Causes by which a NAS says that it has acted: 201 Residual Session Context Removed, 507 Request Initiated (RFC
 * 5176 section 3.5). Whether the station asks again is seen as after an ACK, and the CoA goes out again if it does not.
 */
const ACTED_ERROR_CAUSES = [201, 507];

/** True when the job may go into its site's queue now. */
export function isDue(job: EnforcementJob, now: Instant): boolean {
  const { stage, nextAttemptAt } = job;
  if (isFinal(job)) return false;
  if (stage === 'decided') return true;
  const waits = stage === 'no-answer' || stage === 'acknowledged' || stage === 'answered';
  return waits && nextAttemptAt !== undefined && nextAttemptAt <= now;
}

/** The next attempt of a job that is due: a message of its own, so that duplicate detection lets it pass. */
export function queuedAttempt({ stage, attempt }: EnforcementJob): number {
  return stage === 'decided' ? attempt : attempt + 1;
}

/** The job one step on, or the same job when that would be a step back. */
export function advance(job: EnforcementJob, stage: JobStage, at: Instant, attempt = job.attempt): EnforcementJob {
  const further =
    !isFinal(job) &&
    (attempt > job.attempt || (attempt === job.attempt && JOB_STAGES.indexOf(stage) > JOB_STAGES.indexOf(job.stage)));
  if (!further) return job;
  // When the next attempt is due was true of the stage before.
  const { nextAttemptAt: _, keptClass: __, ...rest } = job;
  return { ...rest, stage, attempt, steps: [...job.steps, { stage, attempt, at }] };
}

/** Accounting goes on with an older answer: one more attempt, after a while in which better news may come. */
export function keepsOldAnswer(job: EnforcementJob, keptClass: string, now: Instant): EnforcementJob {
  if (job.stage !== 'answered' || job.unproven || job.keptClass === keptClass) return job;
  return {
    ...job,
    keptClass,
    hint: 'The station got the new answer, and accounting goes on with the Class of an older one: the NAS does not act on it. Look into its log for a refused attribute, VLAN or role.',
    nextAttemptAt: addMilliseconds(now, FIRST_APPLY_WAIT_MS * 3 ** (job.attempt - 1)),
  };
}

/** No more will be known: the NAS sends no Class. */
export function endUnproven(job: EnforcementJob): EnforcementJob {
  if (job.stage !== 'answered' || isFinal(job)) return job;
  const { nextAttemptAt: _, ...rest } = job;
  return { ...rest, unproven: true };
}

/**
 * What a relay's report makes of the job. Reports of earlier attempts and repeated ones change nothing.
 * @param sessionIsOver a NAS that does not know the session (503) is right
 */
export function applyReport(
  job: EnforcementJob,
  report: CoaReport,
  now: Instant,
  sessionIsOver = false,
): EnforcementJob {
  // A later attempt than is written down was sent all the same: the write after it came too late, or never.
  if (report.attempt < job.attempt) return job;
  const stage = sessionIsOver && report.stage === 'finished' ? 'ended' : stageOf(report);
  const next = advance(job, stage, report.at, report.attempt);
  if (next === job) return job;
  const { outcome, errorCause, hint, discarded, nextAttemptAt, ...rest } = next;
  const waitMs = waitAfter(stage, job, report.attempt);
  return {
    ...rest,
    relay: report.relay,
    ...(report.outcome && { outcome: report.outcome }),
    ...(report.errorCause && { errorCause: report.errorCause }),
    ...(report.profile && { profile: report.profile }),
    ...(report.hint && { hint: report.hint }),
    ...(report.discarded && { discarded: report.discarded }),
    ...(waitMs !== undefined && { nextAttemptAt: addMilliseconds(now, waitMs) }),
  };
}

/** A dead letter ends the job, which waits for an operator or the next comparison of all sessions. */
export function applyDeadLetter(
  job: EnforcementJob,
  { attempt, reason }: { readonly attempt: number; readonly reason: string },
  now: Instant,
): EnforcementJob {
  if (attempt < job.attempt || job.deadLetter?.attempt === attempt) return job;
  // Messages live as long as their job.
  const next = advance(job, job.expiresAt <= now ? 'expired' : 'dead-lettered', now, attempt);
  return { ...next, deadLetter: { attempt, reason, at: now } };
}

/** An operator does not want to wait for the next attempt. */
export function retryNow(job: EnforcementJob, now: Instant): EnforcementJob {
  return job.stage === 'no-answer' ? { ...job, nextAttemptAt: now } : job;
}

function stageOf(report: CoaReport): JobStage {
  if (report.stage !== 'finished') return report.stage;
  switch (report.outcome) {
    case 'acknowledged':
      return 'acknowledged';
    case 'expired':
      return 'expired';
    case 'refused':
      return stageOfRefusal(report.errorCause?.code);
    case 'not-possible':
      return 'refused';
    default:
      return 'no-answer';
  }
}

/** What a NAK leads to; one that has no Error-Cause says only that nothing was done. */
function stageOfRefusal(errorCause = 0): JobStage {
  if (PASSING_ERROR_CAUSES.includes(errorCause)) return 'no-answer';
  return ACTED_ERROR_CAUSES.includes(errorCause) ? 'acknowledged' : 'refused';
}

/** Milliseconds until another attempt is due, if one ever is. What an operator asked for is done with its ACK. */
function waitAfter(stage: JobStage, { wanted }: EnforcementJob, attempt: number): number | undefined {
  if (stage === 'no-answer') return Math.min(FIRST_RETRY_MS * 3 ** (attempt - 1), LONGEST_RETRY_MS);
  return stage === 'acknowledged' && wanted !== undefined ? FIRST_PROOF_WAIT_MS * 3 ** (attempt - 1) : undefined;
}
