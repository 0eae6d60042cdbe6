// Counts the CoA jobs of a day by site and stage, and those among them that are not enforced: what the overview shows.

import { concurrently } from '../concurrently.ts';
import type { EnforcementJob, JobStage } from '../domain/coa/enforcement-job.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { isNotEnforced, type ListJobsDeps } from './list-jobs.ts';

export interface JobsFigure {
  readonly countedAt: Instant;
  /** False where there were more jobs than could be looked at: the newest were. */
  readonly complete: boolean;
  readonly since: Instant;
  readonly stages: readonly { readonly site: string; readonly stage: JobStage; readonly jobs: number }[];
  readonly notEnforced: readonly { readonly site: string; readonly jobs: number; readonly oldest: Instant }[];
}

const MOST_LOOKED_AT = 20_000;
const SINCE_MS = 24 * 3_600_000;
/** Jobs in memory, and sessions compared with policy at once. */
const CHUNK = 500;
const COMPARED_AT_ONCE = 16;

/** @param budgetMs no further chunk is begun after so long */
export async function countJobs(deps: ListJobsDeps, budgetMs: number): Promise<JobsFigure> {
  const begun = toInstant(deps.clock.now());
  const until = deps.clock.now().getTime() + budgetMs;
  const since = addMilliseconds(begun, -SINCE_MS);
  const tally = new JobTally();
  let chunk: EnforcementJob[] = [];
  let lookedAt = 0;
  let complete = true;
  const take = async (): Promise<void> => {
    const standing = await concurrently(chunk, COMPARED_AT_ONCE, (job) => isNotEnforced(deps, job));
    for (const [index, job] of chunk.entries()) tally.add(job, standing[index] === true);
    chunk = [];
  };
  for await (const job of deps.jobs.list({ since, sites: 'every' })) {
    chunk.push(job);
    lookedAt += 1;
    if (chunk.length === CHUNK) await take();
    if (lookedAt < MOST_LOOKED_AT && deps.clock.now().getTime() < until) continue;
    complete = false;
    break;
  }
  await take();
  return { countedAt: toInstant(deps.clock.now()), complete, since, ...tally.counts() };
}

class JobTally {
  readonly #stages = new Map<string, { site: string; stage: JobStage; jobs: number }>();
  readonly #notEnforced = new Map<string, { site: string; jobs: number; oldest: Instant }>();

  add({ site, stage, decidedAt }: EnforcementJob, notEnforced: boolean): void {
    const key = JSON.stringify([site, stage]);
    const known = this.#stages.get(key) ?? { site, stage, jobs: 0 };
    this.#stages.set(key, { ...known, jobs: known.jobs + 1 });
    if (!notEnforced) return;
    const { jobs = 0, oldest = decidedAt } = this.#notEnforced.get(site) ?? {};
    this.#notEnforced.set(site, { site, jobs: jobs + 1, oldest: oldest < decidedAt ? oldest : decidedAt });
  }

  counts(): Pick<JobsFigure, 'stages' | 'notEnforced'> {
    return { stages: [...this.#stages.values()], notEnforced: [...this.#notEnforced.values()] };
  }
}
