// What relays report, written into the jobs. Reports may come twice, late and out of order; a job never moves backward.

import { applyReport } from '../domain/coa/advance-job.ts';
import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import { jobAttributes } from '../domain/coa/job-attributes.ts';
import { type CoaReport, stagesOf } from '../domain/coa-job.ts';
import { toInstant } from '../domain/instant.ts';
import { parseTraceparent } from '../domain/traceparent.ts';
import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { type Logger, type Telemetry, traced } from '../ports/telemetry.ts';
import type { RelayClocks } from './relay-clocks.ts';
import type { RelayWords } from './relay-words.ts';
import { isSessionUnknown, judgeUnknownSession } from './unknown-session.ts';

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

export interface ReportDeps {
  readonly sessions: SessionStore;
  readonly devices?: Pick<DeviceStore, 'noteReauthentication'>;
  readonly jobs: JobStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly relayClocks?: RelayClocks;
  readonly relayWords?: RelayWords;
  readonly telemetry?: Telemetry | undefined;
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
    const refusal = isSessionUnknown(report) ? await judgeUnknownSession(deps, stored.job, report, now) : undefined;
    const judged = withHint(report, refusal?.hint ?? clockHint(report, stored.job, now));
    // One write for all the stages of one report.
    const job = stagesOf(judged).reduce(
      (soFar, stage) => applyReport(soFar, stage, now, refusal?.sessionIsOver),
      stored.job,
    );
    if (attempt === 0) deps.relayClocks?.note(report, stored.job, now);
    if (attempt === 0) await deps.relayWords?.note(report, now);
    if (job === stored.job) {
      await refusal?.follow();
      return;
    }
    const span = { parent: parentOf(report, job), attributes: jobAttributes(job), reportIf: isTrue };
    if (await traced(deps.telemetry, 'nac.job.report', span, () => jobs.update(job, stored.etag))) {
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
      await refusal?.follow();
      return;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on job ${report.jobId}.`, {
    action: 'Nothing is lost: the report is delivered again.',
  });
}

/** The relay's part of the job's own trace; a relay cannot hang its report into any other. */
function parentOf({ trace }: CoaReport, job: EnforcementJob): string | undefined {
  const isOfTheJob = parseTraceparent(trace)?.traceId === parseTraceparent(job.trace)?.traceId;
  return isOfTheJob ? trace : job.trace;
}

function isTrue(_parts: number, updated: unknown): boolean {
  return updated === true;
}

/** What was expired at the relay, and is not for us, says that the clocks differ. */
function clockHint(report: CoaReport, job: EnforcementJob, now: string): string | undefined {
  if (report.outcome !== 'expired' || now >= job.expiresAt) return undefined;
  return `The relay took the job for expired at ${report.at}; here it is ${now}. Set the clock of the relay right (NTP).`;
}

function withHint(report: CoaReport, hint: string | undefined): CoaReport {
  return hint === undefined ? report : { ...report, hint };
}
