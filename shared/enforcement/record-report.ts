// What relays report, written into the jobs. Reports may come twice, late and out of order; a job never moves backward.

import { applyReport } from '../domain/advance-job.ts';
import { type CoaReport, stagesOf } from '../domain/coa-job.ts';
import { coaTargetOf, sameNas } from '../domain/coa-target.ts';
import type { EnforcementJob } from '../domain/enforcement-job.ts';
import { toInstant } from '../domain/instant.ts';
import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

/** RFC 5176 3.5: the NAS does not know the session (any more). */
const SESSION_CONTEXT_NOT_FOUND = 503;

export interface ReportDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function recordReport(deps: ReportDeps, report: CoaReport): Promise<void> {
  const { jobs, clock, log } = deps;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await jobs.read(report.site, report.jobId);
    if (stored === undefined) {
      log.warn('enforcement.report-without-job', { job: report.jobId, site: report.site });
      return;
    }
    const now = toInstant(clock.now());
    // One write for all the stages that one report tells.
    const job = stagesOf(report).reduce((soFar, stage) => applyReport(soFar, stage, now), stored.job);
    if (job === stored.job) return;
    if (job.errorCause?.code === SESSION_CONTEXT_NOT_FOUND) await endSession(deps, job);
    if (await jobs.update(job, stored.etag)) {
      const { stage, outcome, errorCause, hint, relay } = job;
      log.info('enforcement.job', {
        job: job.id,
        site: job.site,
        stage,
        attempt: job.attempt,
        outcome,
        errorCause,
        hint,
        relay,
      });
      return;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on job ${report.jobId}.`, {
    action: 'Nothing is lost: the report is delivered again.',
  });
}

/**
 * There is nothing left to enforce, until the station asks again; unless it has asked, or moved, since the job was queued:
 * then the NAS spoke of a session that was over already.
 */
async function endSession({ sessions, clock }: ReportDeps, job: EnforcementJob): Promise<void> {
  const queuedAt = job.steps.findLast(({ stage }) => stage === 'queued')?.at ?? job.decidedAt;
  await sessions.updateAccounting(job.sessionId, (session) => {
    const { decision, accounting } = session;
    const place = coaTargetOf(session);
    const moved = !sameNas(place.nas, job.nas) || place.session.acctSessionId !== job.session.acctSessionId;
    if (moved || decision.decidedAt > queuedAt) return undefined;
    const newest = session.answers[0]?.decision.decidedAt ?? decision.decidedAt;
    const at = accounting !== undefined && accounting.at > newest ? accounting.at : newest;
    return {
      ...(accounting ?? { nas: place.nas, coa: place.session }),
      status: 'stopped',
      at,
      receivedAt: toInstant(clock.now()),
    };
  });
}
