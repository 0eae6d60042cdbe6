// A job store that reports to telemetry every stage that a job reaches, and gives each new job its trace.

import type { EnforcementJob, JobStep } from '../domain/coa/enforcement-job.ts';
import { jobAttributes } from '../domain/coa/job-attributes.ts';
import { jobCause } from '../domain/coa/job-cause.ts';
import { millisecondsBetween } from '../domain/instant.ts';
import { nasProfileName } from '../domain/nas-profile-name.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** Stages that end an attempt that went out: by an answer of the network, or by time. */
const OUTCOMES: readonly string[] = ['answered', 'proven', 'ended', 'superseded', 'expired', 'dead-lettered'];

/** Stages that a report may say a cause of. */
const WITH_CAUSE: readonly string[] = ['refused', 'no-answer', 'expired', 'ended'];

export function observedJobs(jobs: JobStore, telemetry: Telemetry): JobStore {
  // Steps are kept as they are when a job goes on, so what has not been seen is new.
  const seen = new WeakSet<JobStep>();
  const see = (job: EnforcementJob): void => {
    for (const step of job.steps) seen.add(step);
  };
  const tell = async (job: EnforcementJob): Promise<void> => {
    const steps = job.steps.filter((step) => !seen.has(step));
    see(job);
    for (const step of steps) await tellStep(telemetry, job, step);
  };
  return {
    create: (job) =>
      telemetry.span(
        'nac.job.decide',
        { attributes: jobAttributes(job), reportIf: (_, created) => created === true },
        async () => {
          const trace = telemetry.traceparent();
          const created = await jobs.create({ ...job, ...(trace !== undefined && { trace }) });
          if (created) await tell(job);
          return created;
        },
      ),
    async read(site, id) {
      const stored = await jobs.read(site, id);
      if (stored) see(stored.job);
      return stored;
    },
    async update(job, etag) {
      const updated = await jobs.update(job, etag);
      if (updated) await tell(job);
      return updated;
    },
    async listOpen(site, range) {
      const page = await jobs.listOpen(site, range);
      for (const { job } of page.jobs) see(job);
      return page;
    },
    list: (range) => jobs.list(range),
    listSites: () => jobs.listSites(),
    removeFinished: (site, before, options) => jobs.removeFinished(site, before, options),
  };
}

async function tellStep(telemetry: Telemetry, job: EnforcementJob, { stage, at }: JobStep): Promise<void> {
  const { site, decidedAt, trace, profile } = job;
  telemetry.count('nac.job.stages', {
    'nac.job.stage': stage,
    'nac.job.cause': WITH_CAUSE.includes(stage) ? jobCause(job.outcome, job.errorCause?.code) : 'none',
    'nac.nas.profile': nasProfileName(profile) ?? 'unknown',
    'nac.site': site,
  });
  if (stage === 'proven') {
    telemetry.record('nac.job.proof.duration', Math.max(0, millisecondsBetween(decidedAt, at)) / 1000, {
      'nac.site': site,
    });
  }
  const queuedAt = job.steps.findLast((step) => step.stage === 'queued')?.at;
  if (queuedAt === undefined || !OUTCOMES.includes(stage)) return;
  const attributes = { ...jobAttributes(job), 'nac.job.stage': stage };
  await telemetry.span(
    'nac.job.proof',
    { parent: trace, startedAt: new Date(queuedAt), attributes },
    async () => undefined,
  );
}
