// The parts of the overview that are about sites, as one row for each site, and the sums over them.

import type { Overview } from '../../api/answers.ts';

export interface SiteRow {
  readonly site: string;
  readonly live: number | undefined;
  readonly permits: number;
  readonly denies: number;
  readonly notEnforced: number;
  /** When the oldest of those was decided. */
  readonly oldest: string | undefined;
}

export function siteRows({ sessions, decisions, jobs }: Overview): readonly SiteRow[] {
  const names = new Set(
    [...(sessions?.sites ?? []), ...(decisions?.sites ?? []), ...(jobs?.notEnforced ?? [])].map(({ site }) => site),
  );
  return [...names].toSorted().map((site) => {
    const decided = decisions?.sites.find((each) => each.site === site);
    const unenforced = jobs?.notEnforced.find((each) => each.site === site);
    return {
      site,
      live: sessions?.sites.find((each) => each.site === site)?.live,
      permits: decided?.permits ?? 0,
      denies: decided?.denies ?? 0,
      notEnforced: unenforced?.jobs ?? 0,
      oldest: unenforced?.oldest,
    };
  });
}

export function liveOf({ sessions }: Overview): number | undefined {
  return sessions?.sites.reduce((sum, { live }) => sum + live, 0);
}

export function notEnforcedOf({ jobs }: Overview): number | undefined {
  return jobs?.notEnforced.reduce((sum, site) => sum + site.jobs, 0);
}

export interface StageRow {
  readonly stage: string;
  readonly jobs: number;
}

/** All sites together, in the order of the life of a job. */
export function stageRows({ jobs }: Overview): readonly StageRow[] {
  const sums = new Map<string, number>();
  for (const { stage, jobs: count } of jobs?.stages ?? []) sums.set(stage, (sums.get(stage) ?? 0) + count);
  return [...sums].map(([stage, count]) => ({ stage, jobs: count }));
}
