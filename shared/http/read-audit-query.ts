// Reads the query of GET /api/audit.

import type { Instant } from '../domain/instant.ts';
import type { AuditRange } from '../ports/audit-store.ts';
import { AUDIT_QUERY } from './queries.ts';
import { readQuery } from './read-query.ts';

export type AskedAudit = Omit<AuditRange, 'sites'> & { readonly site?: string | undefined };

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readAuditQuery(query: Iterable<[string, string]>, now: Instant): AskedAudit {
  return readQuery(AUDIT_QUERY, query, now);
}
