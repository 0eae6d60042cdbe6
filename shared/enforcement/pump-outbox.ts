// The outbox at work, in one pass: settles what has come to an end, and queues what is due, a few jobs a site at a time.
// Ordering, pacing and superseding happen here and not in the queue, so one dead switch never holds up its site.

import { type Instant, toInstant } from '../domain/instant.ts';
import { QueueError, StoreError, toConnectorError } from '../errors.ts';
import type { OutboxRange, StoredJob } from '../ports/job-store.ts';
import { addOpenJob, type OpenJobs } from './open-jobs.ts';
import { type PumpDeps, type PumpLimits, pumpSite } from './pump-site.ts';

export type { PumpDeps, PumpLimits } from './pump-site.ts';

/** Sites pumped at once, each with so many requests at once as `pump-site.ts` says. */
const SITES_AT_ONCE = 4;

export interface PumpOptions {
  /** Only this site. */
  readonly site?: string;
  /** The site to begin with; those before it come last. */
  readonly from?: string | undefined;
  /** No further site is begun after this. */
  readonly until?: Instant;
}

export interface PumpResult {
  /** Attempts queued. */
  readonly queued: number;
  /** Jobs that had not ended when they were read, by session. */
  readonly open: OpenJobs;
  readonly sites: ReadonlySet<string>;
  /** The site to go on with where time was up. */
  readonly next?: string;
  /** What kept sites from being pumped, the first one. */
  readonly failure?: unknown;
}

/** A site whose queue is away holds up no other: its failure is in the result. */
export async function pumpOutbox(
  deps: PumpDeps,
  limits: PumpLimits,
  { site, from, until }: PumpOptions = {},
): Promise<PumpResult> {
  const ranges: OutboxRange[] =
    site !== undefined ? [{ site }] : from === undefined ? [{}] : [{ from }, { before: from }];
  const open: OpenJobs = new Map();
  const sites = new Set<string>();
  const failures: unknown[] = [];
  let queued = 0;
  let next: string | undefined;
  const work = async (jobs: StoredJob[]): Promise<void> => {
    try {
      const ofSite = await pumpSite(deps, limits, jobs);
      queued += ofSite;
    } catch (thrown) {
      failures.push(thrown);
      reportSite(deps, jobs[0]?.job.site, thrown);
    }
  };
  const underWay = new Set<Promise<void>>();
  for await (const jobs of bySite(deps, ranges)) {
    const name = jobs[0]?.job.site ?? '';
    sites.add(name);
    for (const { job } of jobs) addOpenJob(open, job);
    if (until !== undefined && toInstant(deps.clock.now()) >= until) {
      next ??= name;
      continue;
    }
    if (underWay.size >= SITES_AT_ONCE) await Promise.race(underWay);
    const working: Promise<void> = work(jobs).finally(() => underWay.delete(working));
    underWay.add(working);
  }
  await Promise.all(underWay);
  return {
    queued,
    open,
    sites,
    ...(next !== undefined && { next }),
    ...(failures.length > 0 && { failure: failures[0] }),
  };
}

/** The jobs of one site after the other: the outbox is ordered by sites. */
async function* bySite({ jobs }: PumpDeps, ranges: readonly OutboxRange[]): AsyncIterable<StoredJob[]> {
  let ofSite: StoredJob[] = [];
  for (const range of ranges) {
    for await (const stored of jobs.listOpen(range)) {
      if (ofSite.length > 0 && ofSite[0]?.job.site !== stored.job.site) {
        yield ofSite;
        ofSite = [];
      }
      ofSite.push(stored);
    }
  }
  if (ofSite.length > 0) yield ofSite;
}

function reportSite({ log }: PumpDeps, site: string | undefined, thrown: unknown): void {
  if (!(thrown instanceof QueueError) && !(thrown instanceof StoreError)) throw thrown;
  const { code, message, action } = toConnectorError(thrown);
  log.warn('enforcement.site-not-pumped', { site, code, message, action });
}
