// Sites as a condition of a query. The Table service takes few conditions in one query, so it is asked for a few sites
// at most; who reads the rows looks at the site of each in any case.

import type { Sites } from '../../domain/sites.ts';

/** "No more than 15 discrete comparisons are permitted within a $filter string" (Querying tables and entities). */
export const MOST_COMPARISONS = 15;

/**
 * @param others comparisons that the query has beside
 * @returns one condition, or none: for every site, and for more of them than the service takes
 */
export function sitesCondition(sites: Sites, others: number): string[] {
  if (sites === 'every' || sites.size > MOST_COMPARISONS - others) return [];
  // None at all: no row has this name.
  const names = sites.size === 0 ? ['-'] : [...sites];
  return [`(${names.map((site) => `site eq '${site.replaceAll("'", "''")}'`).join(' or ')})`];
}
