// Reads what is looked for: from the query, or from a body, since addresses and names of people belong into no URL.

import type { Instant } from '../domain/instant.ts';
import { SEARCH_QUERY } from '../http/queries.ts';
import { readJsonObject } from '../http/read-json.ts';
import { queryError, readQuery } from '../http/read-query.ts';

/**
 * @param body JSON object `{"q": "…"}`; absent, or empty: the query says it
 * @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD
 */
export function readSearch(query: Iterable<[string, string]>, body: string | undefined, now: Instant): string {
  const given = body ? Object.entries(readJsonObject(body, 'Send {"q": "…"}.')) : [...query];
  for (const [name, value] of given) if (typeof value !== 'string') throw queryError(name, 'must be text');
  const { q } = readQuery(SEARCH_QUERY, given as [string, string][], now);
  if (q === undefined || q.trim() === '') throw queryError('q', 'is missing: it says what to look for');
  return q;
}
