// Reads the query of GET /api/jobs.

import type { Instant } from '../domain/instant.ts';
import { JOB_QUERY } from '../http/queries.ts';
import { readQuery } from '../http/read-query.ts';
import type { JobFilter } from './list-jobs.ts';

export type AskedJobs = Omit<JobFilter, 'sites'> & { readonly site?: string | undefined };

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter: a misspelt filter must not look like "all jobs" */
export function readJobQuery(query: Iterable<[string, string]>, now: Instant): AskedJobs {
  const { device, session, notEnforced, ...rest } = readQuery(JOB_QUERY, query, now);
  return { ...rest, deviceId: device, sessionId: session, notEnforced: notEnforced === 'true' };
}
