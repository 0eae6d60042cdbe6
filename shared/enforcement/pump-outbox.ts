// The outbox at work, in one pass: settles what has come to an end, and queues what is due, a few jobs a site at a
// time. A site with more jobs than one pass has time for is looked at in part (`outbox-window.ts`). Ordering, pacing
// and superseding happen here and not in the queue, so one dead switch never holds up its site.

import { concurrently } from '../concurrently.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { QueueError, StoreError, toConnectorError } from '../errors.ts';
import { addOpenJob, type OpenJobs } from './open-jobs.ts';
import {
  alternateUrgent,
  HEAD,
  newOutboxMemory,
  nextJobs,
  type OutboxHead,
  type OutboxMemory,
} from './outbox-window.ts';
import { type PumpDeps, type PumpLimits, pumpSite } from './pump-site.ts';

export type { PumpDeps, PumpLimits } from './pump-site.ts';

/** Sites pumped at once, each with so many requests at once as `pump-site.ts` says. */
const SITES_AT_ONCE = 4;
/** Most sites have nothing open: their first page, which is the last, is asked for side by side. */
const HEADS_AT_ONCE = 16;

export interface PumpOptions {
  /** Only this site. */
  readonly site?: string;
  /** The site to begin with; those before it come last. */
  readonly from?: string | undefined;
  /** No further site is begun after this. */
  readonly until?: Instant;
  /** Where an earlier pass stood with sites that it looked at in part. */
  readonly memory?: OutboxMemory;
}

export interface PumpResult {
  /** Attempts queued. */
  readonly queued: number;
  /** Jobs that had not ended when they were read, by session; of sites that this pass came to, as far as it looked. */
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
  { site, from, until, memory = newOutboxMemory() }: PumpOptions = {},
): Promise<PumpResult> {
  const open: OpenJobs = new Map();
  const sites = new Set<string>();
  const failures: unknown[] = [];
  let queued = 0;
  let next: string | undefined;
  const hasTime = (): boolean => until === undefined || toInstant(deps.clock.now()) < until;
  const work = async (name: string, head: OutboxHead): Promise<void> => {
    try {
      const now = toInstant(deps.clock.now());
      const jobs = await nextJobs(deps.jobs, name, head, memory, now, hasTime);
      for (const { job } of jobs) addOpenJob(open, job);
      const isPart = head.next !== undefined;
      const pumped = await pumpSite(deps, limits, jobs, isPart ? alternateUrgent : undefined);
      if (isPart) memory.inFlight.set(name, pumped.inFlight);
      queued += pumped.queued;
    } catch (thrown) {
      failures.push(thrown);
      reportSite(deps, name, thrown);
    }
  };
  const underWay = new Set<Promise<void>>();
  for await (const { name, head, failure } of heads(deps, await sitesOf(deps, site, from), hasTime)) {
    if (failure !== undefined) {
      failures.push(failure);
      reportSite(deps, name, failure);
      continue;
    }
    if (head === undefined || !hasTime()) {
      next ??= name;
      break;
    }
    if (head.jobs.length === 0 && head.next === undefined) continue;
    sites.add(name);
    if (underWay.size >= SITES_AT_ONCE) await Promise.race(underWay);
    const working: Promise<void> = work(name, head).finally(() => underWay.delete(working));
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

async function sitesOf({ jobs }: PumpDeps, site: string | undefined, from = ''): Promise<readonly string[]> {
  if (site !== undefined) return [site];
  const all = await Array.fromAsync(jobs.listSites());
  return [...all.filter((name) => name >= from), ...all.filter((name) => name < from)];
}

/**
 * The first page of each site's outbox, or what kept it from being read; neither for the site to go on with, where time
 * was up.
 */
async function* heads(
  { jobs }: PumpDeps,
  sites: readonly string[],
  hasTime: () => boolean,
): AsyncIterable<{ readonly name: string; readonly head?: OutboxHead; readonly failure?: unknown }> {
  for (let start = 0; start < sites.length; start += HEADS_AT_ONCE) {
    const some = sites.slice(start, start + HEADS_AT_ONCE);
    const [first] = some;
    if (start > 0 && !hasTime() && first !== undefined) {
      yield { name: first };
      return;
    }
    yield* await concurrently(some, HEADS_AT_ONCE, async (name) => {
      try {
        return { name, head: await jobs.listOpen(name, { limit: HEAD }) };
      } catch (failure) {
        return { name, failure };
      }
    });
  }
}

function reportSite({ log }: PumpDeps, site: string | undefined, thrown: unknown): void {
  if (!(thrown instanceof QueueError) && !(thrown instanceof StoreError)) throw thrown;
  const { code, message, action } = toConnectorError(thrown);
  log.warn('enforcement.site-not-pumped', { site, code, message, action });
}
