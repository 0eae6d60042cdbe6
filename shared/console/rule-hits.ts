// How often rules decided within a time, from counts of hours and days: a month is thirty rows, however many decisions
// it had.

import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { HITS_QUERY } from '../http/queries.ts';
import { queryError, readQuery } from '../http/read-query.ts';
import type { RuleHits } from '../http/schemas/policy.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { CountedSpan, CountStore } from '../ports/count-store.ts';

export interface HitsRange {
  readonly from: Instant;
  readonly to: Instant;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Counts are kept for so long. */
const MOST_MS = 92 * DAY_MS;

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readHitsQuery(query: Iterable<[string, string]>, now: Instant): HitsRange {
  const { since, until, from, to } = readQuery(HITS_QUERY, query, now);
  const begin = roundedDown(from ?? since ?? addMilliseconds(now, -DAY_MS));
  const end = roundedUp(to ?? until ?? now);
  if (begin >= end) throw queryError(from === undefined ? 'since' : 'from', 'must be before the end of the range');
  const earliest = roundedDown(addMilliseconds(end, -MOST_MS));
  return { from: begin < earliest ? earliest : begin, to: end };
}

export async function ruleHits(
  counts: Pick<CountStore, 'readFold' | 'listSpans'>,
  { from, to }: HitsRange,
  sites: Sites,
  options: CallOptions,
): Promise<RuleHits> {
  const firstDay = new Date(Math.ceil(Date.parse(from) / DAY_MS) * DAY_MS).toISOString();
  const lastDay = `${to.slice(0, 10)}T00:00:00.000Z`;
  const hasDays = firstDay < lastDay;
  const [{ state }, ...spans] = await Promise.all([
    counts.readFold(options),
    counts.listSpans('hour', { from, to: hasDays ? firstDay : to }, options),
    ...(hasDays
      ? [
          counts.listSpans('day', { from: firstDay, to: lastDay }, options),
          counts.listSpans('hour', { from: lastDay, to }, options),
        ]
      : []),
  ]);
  return { from, to, ...(state && { countedUntil: state.until }), rules: sumOf(spans.flat(), sites) };
}

function sumOf(spans: readonly CountedSpan[], sites: Sites): RuleHits['rules'] {
  const rules = new Map<
    string,
    { rule: string; policyVersion: string; permits: number; denies: number; bySite: Record<string, number> }
  >();
  for (const { counts } of spans) {
    for (const [site, { rules: counted }] of Object.entries(counts)) {
      if (!includesSite(sites, site)) continue;
      for (const { rule, policyVersion, permits, denies } of counted) {
        const key = `${policyVersion}|${rule}`;
        const sum = rules.get(key) ?? { rule, policyVersion, permits: 0, denies: 0, bySite: {} };
        sum.permits += permits;
        sum.denies += denies;
        sum.bySite[site] = (sum.bySite[site] ?? 0) + permits + denies;
        rules.set(key, sum);
      }
    }
  }
  return [...rules.values()].sort((a, b) => b.permits + b.denies - a.permits - a.denies);
}

function roundedDown(at: Instant): Instant {
  return new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString();
}

function roundedUp(at: Instant): Instant {
  return new Date(Math.ceil(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString();
}
