// Reads the query of POST /api/policies/what-if: how the stored devices are taken to ask.

import type { Instant } from '../domain/instant.ts';
import { WHAT_IF_QUERY } from '../http/queries.ts';
import { readQuery } from '../http/read-query.ts';
import type { AssumedRequest } from './what-if.ts';

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readAssumedRequest(query: Iterable<[string, string]>, now: Instant): AssumedRequest {
  const { site = '', assurance, medium } = readQuery(WHAT_IF_QUERY, query, now);
  return { site, assurance, ...(medium && { medium }) };
}
