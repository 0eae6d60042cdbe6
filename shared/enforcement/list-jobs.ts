// Jobs as operators ask for them.

import { type EnforcementJob, isFinal, type JobStage, wasAcknowledged } from '../domain/enforcement-job.ts';
import type { JobStore } from '../ports.ts';

export interface JobFilter {
  readonly site?: string | undefined;
  readonly stage?: JobStage | undefined;
  readonly deviceId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Decided, but not proven: under way, refused, expired. Superseded jobs are nobody's business any more. */
  readonly notEnforced?: boolean | undefined;
  /** 1 to 1000. */
  readonly limit: number;
}

/** Jobs looked at for one list; filters apply to the newest of them. */
const MOST_LOOKED_AT = 10_000;

export async function listJobs(jobs: JobStore, filter: JobFilter): Promise<EnforcementJob[]> {
  const newest = await jobs.list({ site: filter.site, limit: MOST_LOOKED_AT });
  return newest.filter((job) => matches(job, filter)).slice(0, filter.limit);
}

function matches(job: EnforcementJob, { stage, deviceId, sessionId, notEnforced }: JobFilter): boolean {
  if (stage !== undefined && job.stage !== stage) return false;
  if (deviceId !== undefined && job.device?.id !== deviceId.toLowerCase()) return false;
  if (sessionId !== undefined && job.sessionId !== sessionId) return false;
  if (!notEnforced) return true;
  if (job.wanted === undefined && wasAcknowledged(job)) return false;
  return !isFinal(job) || job.stage === 'refused' || job.stage === 'expired';
}
