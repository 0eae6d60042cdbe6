// An operator has a failed job sent again. A job that has ended stays as it is: the new one names it.

import { retryNow } from '../domain/coa/advance-job.ts';
import { decideJob, type EnforcementJob, hasFailed, isFinal } from '../domain/coa/enforcement-job.ts';
import { toInstant } from '../domain/instant.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { RequestError, StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { answerVersion, findDifference } from './decide-jobs.ts';
import type { SiteKeyOf } from './site-keys.ts';

export interface ResendDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly devices: Pick<DeviceStore, 'noteReauthentication'>;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly siteKeyOf: SiteKeyOf;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;
/** Rows of the outbox that are looked through for another job of the session. */
const MOST_ROWS = 20_000;
/** Anything else is no job's id, and some of it no row key either. */
const SITE = /^[a-z0-9-]{1,40}$/;
const JOB_ID = /^\d{13}-[0-9a-f]{20}-\w{1,60}$/;

/**
 * @returns the id of the job that goes out now: the same one when it waited for its next attempt, else a fresh one
 * @throws RequestError NAC_JOB_UNKNOWN, NAC_JOB_UNDER_WAY, NAC_JOB_NOTHING_TO_RESEND
 */
export async function resendJob(deps: ResendDeps, site: string, id: string): Promise<string> {
  const { jobs, clock, log } = deps;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = SITE.test(site) && JOB_ID.test(id) ? await jobs.read(site, id) : undefined;
    if (stored === undefined) throw unknownJob();
    if (isFinal(stored.job)) return resendFinal(deps, stored.job);
    const retried = retryNow(stored.job, toInstant(clock.now()));
    if (retried === stored.job) throw underWay(stored.job);
    if (await jobs.update(retried, stored.etag)) {
      log.info('enforcement.resent', { job: id, site });
      return id;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on job ${id}.`, { action: 'Send it again.' });
}

async function resendFinal(deps: ResendDeps, job: EnforcementJob): Promise<string> {
  const { sessions, jobs, clock, log } = deps;
  if (!hasFailed(job)) throw nothingToResend(`The job is ${job.stage}.`);
  const now = toInstant(clock.now());
  const session = await sessions.read(job.sessionId);
  if (session === undefined || !isConnected(session, now)) {
    throw nothingToResend('The session is over: the station gets the answer of the moment when it comes back.');
  }
  const {
    jobs: [open],
  } = await jobs.listOpen(job.site, { limit: MOST_ROWS, sessionId: job.sessionId });
  if (open !== undefined) throw underWay(open.job);
  const difference = await findDifference(deps.decideAgain, session, now);
  if (job.wanted !== undefined && difference === undefined) {
    throw nothingToResend('The station has the answer that policy gives now.');
  }
  const answer = difference?.wanted ?? (await deps.decideAgain(session));
  const device = answer.device ?? job.device;
  const fresh = decideJob({
    session: difference?.has ?? session,
    siteKey: await deps.siteKeyOf(job.site),
    action: job.action,
    ...(job.wanted && { wanted: answer.outcome, standing: answer.standing }),
    ...(device && { device }),
    version: job.wanted ? answerVersion(answer) : 'operator',
    reason: `sent again by an operator: ${session.decision.standing} -> ${answer.standing} (${answer.rule})`,
    decidedAt: now,
    now,
    resentFrom: job.id,
  });
  if (job.wanted === undefined && job.device) await deps.devices.noteReauthentication(job.device, now);
  await jobs.create(fresh);
  log.info('enforcement.resent', { job: fresh.id, site: fresh.site, resentFrom: job.id });
  return fresh.id;
}

function unknownJob(): RequestError {
  return new RequestError(404, 'NAC_JOB_UNKNOWN', 'There is no such job.', {
    action: 'Give site and id of a job as GET /api/jobs shows them; jobs that ended are removed after JOB_HISTORY.',
    field: 'id',
  });
}

function underWay({ id, stage }: EnforcementJob): RequestError {
  return new RequestError(409, 'NAC_JOB_UNDER_WAY', `Job ${id} of this session is under way (${stage}).`, {
    action: 'Wait for its end; it is tried again by itself for an hour.',
    field: 'id',
  });
}

function nothingToResend(why: string): RequestError {
  return new RequestError(409, 'NAC_JOB_NOTHING_TO_RESEND', `There is nothing to send again. ${why}`, {
    action: 'To have the station authenticate again all the same, use POST /api/devices/{id}/reauthenticate.',
    field: 'id',
  });
}
