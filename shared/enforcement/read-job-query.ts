// Reads the query of GET /api/jobs: site, stage, device, session, since, notEnforced, after, limit.

import { JOB_STAGES } from '../domain/coa/enforcement-job.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { parseDuration } from '../duration.ts';
import { RequestError } from '../errors.ts';
import type { JobFilter } from './list-jobs.ts';

const PARAMETERS = ['site', 'stage', 'device', 'session', 'since', 'notEnforced', 'after', 'limit'];
const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;

/** What URLSearchParams are, as far as needed. */
type Query = Iterable<[string, string]>;

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter: a misspelt filter must not look like "all jobs" */
export function readJobQuery(query: Query, now: Instant): JobFilter {
  const given = new Map<string, string>();
  for (const [name, value] of query) {
    if (!PARAMETERS.includes(name)) throw queryError(name, `is not known; known are ${PARAMETERS.join(', ')}`);
    if (given.has(name)) throw queryError(name, 'may be given once only');
    given.set(name, value);
  }
  return {
    site: given.get('site'),
    stage: readOneOf('stage', given.get('stage'), JOB_STAGES),
    deviceId: given.get('device'),
    sessionId: given.get('session'),
    since: readSince(given.get('since'), now),
    notEnforced: readOneOf('notEnforced', given.get('notEnforced'), ['true', 'false']) === 'true',
    after: readAfter(given.get('after')),
    limit: readLimit(given.get('limit')),
  };
}

function readOneOf<T extends string>(name: string, text: string | undefined, allowed: readonly T[]): T | undefined {
  const found = allowed.find((known) => known === text);
  if (text !== undefined && found === undefined) throw queryError(name, `must be one of ${allowed.join(', ')}`);
  return found;
}

/** A moment (ISO 8601 in UTC), or how long ago it was. */
function readSince(text: string | undefined, now: Instant): Instant | undefined {
  if (text === undefined) return undefined;
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  if (ago !== undefined && ago < Date.parse(now)) return addMilliseconds(now, -ago);
  const moment = /^\d{4}-\d\d-\d\d(T[\d:.]{5,12}Z)?$/.test(text) ? new Date(text) : undefined;
  if (moment !== undefined && moment.getTime() >= 0) return moment.toISOString();
  throw queryError('since', 'must be a time like 2026-11-20T08:00:00Z, or how long ago, like 90m or 7d');
}

function readAfter(text: string | undefined): string | undefined {
  if (text !== undefined && !/^\d{13}-[\w-]{1,80}$/.test(text)) {
    throw queryError('after', 'must be what the page before had as "next"');
  }
  return text;
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw queryError('limit', `must be a number from 1 to ${LARGEST_LIMIT}`);
  }
  return limit;
}

function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field.slice(0, 40)} ${problem}.`, {
    action: 'Correct the query.',
    field: field.slice(0, 40),
  });
}
