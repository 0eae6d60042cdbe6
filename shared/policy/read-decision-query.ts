// Reads the query of GET /api/decisions and the body of POST /api/decisions/search: since, until, site, device, mac,
// user, session, decision, role, rule, policy, standing, observed, after, limit.

import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { parseMacAddress } from '../domain/mac-address.ts';
import { parseDuration } from '../duration.ts';
import { RequestError } from '../errors.ts';
import { readJsonObject } from '../http/read-json.ts';
import type { DecisionFilter, DecisionQuery } from '../ports/decision-store.ts';

const FILTERS = ['site', 'session', 'role', 'rule', 'policy', 'standing', 'user'] as const;
const PARAMETERS = [...FILTERS, 'device', 'mac', 'decision', 'observed', 'since', 'until', 'after', 'limit'];
/** Filters that show where a person was. */
const OF_PEOPLE: readonly string[] = ['mac', 'user'];
const DEFAULT_SINCE = '24h';
const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 200;
const LONGEST_TEXT = 253;

/**
 * @param source whose ids `device` means
 * @throws RequestError NAC_REQUEST_FIELD naming the parameter: a misspelt filter must not look like "all decisions"
 */
export function readDecisionQuery(query: Iterable<[string, string]>, now: Instant, source: string): DecisionQuery {
  const parameters = [...query];
  for (const [name] of parameters) {
    if (OF_PEOPLE.includes(name)) {
      throw queryError(
        name,
        `may not be in a URL, which logs keep: use POST /api/decisions/search with {"${name}": "…"}`,
      );
    }
  }
  return readParameters(parameters, now, source);
}

/**
 * @param body JSON object with the same parameters as texts
 * @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD
 */
export function readDecisionSearch(body: string, now: Instant, source: string): DecisionQuery {
  const parameters = Object.entries(readJsonObject(body, 'Send {"mac": "…"} or other parameters of docs/policy.md.'));
  for (const [name, value] of parameters) if (typeof value !== 'string') throw queryError(name, 'must be text');
  return readParameters(parameters as [string, string][], now, source);
}

function readParameters(query: Iterable<[string, string]>, now: Instant, source: string): DecisionQuery {
  const given = new Map<string, string>();
  for (const [name, value] of query) {
    if (!PARAMETERS.includes(name)) throw queryError(name, `is not known; known are ${PARAMETERS.join(', ')}`);
    if (given.has(name)) throw queryError(name, 'may be given once only');
    if (value.length === 0 || value.length > LONGEST_TEXT) throw queryError(name, 'is empty or too long');
    given.set(name, value);
  }
  const device = given.get('device')?.toLowerCase();
  const mac = readMac(given.get('mac'));
  const filter: DecisionFilter = {
    ...text('site', given.get('site')),
    ...text('sessionId', given.get('session')),
    ...text('role', given.get('role')),
    ...text('rule', given.get('rule')),
    ...text('policyVersion', given.get('policy')),
    ...text('standing', given.get('standing')),
    ...text('userName', given.get('user')),
    ...text('verdict', oneOf('decision', given.get('decision'), ['permit', 'deny'])),
    ...(device !== undefined && { device: { source, id: device } }),
    ...(mac !== undefined && { mac }),
    ...(oneOf('observed', given.get('observed'), ['true']) && { observed: true }),
  };
  const until = given.get('until');
  return {
    filter,
    since: readMoment('since', given.get('since') ?? DEFAULT_SINCE, now),
    ...(until !== undefined && { until: readMoment('until', until, now) }),
    ...text('after', readAfter(given.get('after'))),
    limit: readLimit(given.get('limit')),
  };
}

function text<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: string };
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  const found = allowed.find((known) => known === value);
  if (value !== undefined && found === undefined) throw queryError(name, `must be one of ${allowed.join(', ')}`);
  return found;
}

function readMac(value: string | undefined): string | undefined {
  const mac = value === undefined ? undefined : parseMacAddress(value);
  if (value !== undefined && mac === undefined) throw queryError('mac', 'is no MAC address');
  return mac;
}

/** A moment (ISO 8601 in UTC), or how long ago it was. */
function readMoment(name: string, value: string, now: Instant): Instant {
  const ago = /[a-z]$/.test(value) ? parseDuration(value) : undefined;
  if (ago !== undefined && ago < Date.parse(now)) return addMilliseconds(now, -ago);
  const moment = /^\d{4}-\d\d-\d\d(T[\d:.]{5,12}Z)?$/.test(value) ? new Date(value) : undefined;
  if (moment !== undefined && moment.getTime() >= 0) return moment.toISOString();
  throw queryError(name, 'must be a time like 2026-11-20T08:00:00Z, or how long ago, like 90m or 7d');
}

function readAfter(value: string | undefined): string | undefined {
  if (value !== undefined && !/^\d{13}\|[0-9a-z-]{30,50}$/.test(value)) {
    throw queryError('after', 'must be what the page before had as "next"');
  }
  return value;
}

function readLimit(value: string | undefined): number {
  const limit = value === undefined ? DEFAULT_LIMIT : Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw queryError('limit', `must be a number from 1 to ${LARGEST_LIMIT}`);
  }
  return limit;
}

function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field.slice(0, 40)} ${problem}.`, {
    action: 'Correct the query; docs/policy.md lists the parameters.',
    field: field.slice(0, 40),
  });
}
