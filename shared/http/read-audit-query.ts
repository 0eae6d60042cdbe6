// Reads the query of GET /api/audit: since, site, after, limit.

import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { parseDuration } from '../duration.ts';
import { RequestError } from '../errors.ts';
import type { AuditRange } from '../ports/audit-store.ts';

const PARAMETERS = ['since', 'site', 'after', 'limit'];
const DEFAULT_SINCE = '30d';
const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readAuditQuery(query: Iterable<[string, string]>, now: Instant): AuditRange {
  const given = new Map<string, string>();
  for (const [name, value] of query) {
    if (!PARAMETERS.includes(name)) throw queryError(name, `is not known; known are ${PARAMETERS.join(', ')}`);
    if (given.has(name)) throw queryError(name, 'may be given once only');
    given.set(name, value);
  }
  const site = given.get('site');
  if (site !== undefined && !/^[a-z0-9][a-z0-9-]{0,39}$/.test(site)) throw queryError('site', 'is no name of a site');
  const after = given.get('after');
  if (after !== undefined && !/^\d{13}-[0-9a-f]{12}$/.test(after)) {
    throw queryError('after', 'must be what the page before had as "next"');
  }
  return {
    since: readSince(given.get('since') ?? DEFAULT_SINCE, now),
    after,
    site,
    limit: readLimit(given.get('limit')),
  };
}

/** A moment (ISO 8601 in UTC), or how long ago it was. */
function readSince(text: string, now: Instant): Instant {
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  if (ago !== undefined && ago < Date.parse(now)) return addMilliseconds(now, -ago);
  const moment = /^\d{4}-\d\d-\d\d(T[\d:.]{5,12}Z)?$/.test(text) ? new Date(text) : undefined;
  if (moment !== undefined && moment.getTime() >= 0) return moment.toISOString();
  throw queryError('since', 'must be a time like 2026-11-20T08:00:00Z, or how long ago, like 90m or 7d');
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  throw queryError('limit', `must be a number from 1 to ${LARGEST_LIMIT}`);
}

function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field.slice(0, 40)} ${problem}.`, {
    action: 'Correct the query.',
    field: field.slice(0, 40),
  });
}
