// Jobs that have not ended, by session, and which of them goes on where a session has several.

import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import type { Outcome } from '../domain/policy/decision.ts';

/** What another decision about the session needs to know of a job. Small, since very many are kept. */
export interface OpenJob {
  readonly id: string;
  readonly wanted?: Outcome;
}

export type OpenJobs = Map<string, OpenJob[]>;

/** Sessions kept at most. A job that is decided once more beyond them has the same id, and is made once. */
const MOST_SESSIONS = 100_000;

export function addOpenJob(open: OpenJobs, job: EnforcementJob): void {
  const { id, wanted, sessionId } = job;
  const one = { id, ...(wanted && { wanted }) };
  const others = open.get(sessionId);
  if (others !== undefined) others.push(one);
  else if (open.size < MOST_SESSIONS) open.set(sessionId, [one]);
}

/**
 * The newest job goes on. What an operator asked for wants no particular answer, so it takes the place of its like
 * alone, and never of a job that takes access away; and it has no more to do once a job with an answer of its own is
 * newer.
 */
export function isNotSuperseded(
  job: Pick<OpenJob, 'id' | 'wanted'>,
  ofSession: readonly Pick<OpenJob, 'id' | 'wanted'>[],
): boolean {
  return !ofSession.some((other) => other.id < job.id && supersedes(other, job));
}

/** Ids begin with the time counted backwards: the lower one is newer. */
function supersedes(newer: Pick<OpenJob, 'wanted'>, older: Pick<OpenJob, 'wanted'>): boolean {
  return newer.wanted !== undefined || older.wanted === undefined;
}
