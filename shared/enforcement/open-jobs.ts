// Jobs that have not ended, by session, and which of them goes on where a session has several.

import type { EnforcementJob } from '../domain/enforcement-job.ts';

export type OpenJobs = Map<string, EnforcementJob[]>;

export function addOpenJob(open: OpenJobs, job: EnforcementJob): void {
  const others = open.get(job.sessionId);
  if (others === undefined) open.set(job.sessionId, [job]);
  else others.push(job);
}

/**
 * The newest job goes on. What an operator asked for wants no particular answer, so it takes the place of its like alone,
 * and never of a job that takes access away; and it has no more to do once a job with an answer of its own is newer.
 */
export function goesOn(job: EnforcementJob, ofSession: readonly EnforcementJob[]): boolean {
  return !ofSession.some((other) => other.id < job.id && supersedes(other, job));
}

/** Ids begin with the time counted backwards: the lower one is newer. */
function supersedes(newer: EnforcementJob, older: EnforcementJob): boolean {
  return newer.wanted !== undefined || older.wanted === undefined;
}
