// Which jobs of a site one pass through the outbox looks at. Nearly always that is all of them. Where there are more
// than one pass has time for:
//
//   the head    urgent ones, then the oldest
//   the newest  urgent ones decided lately: a new change does not wait until all that was before it has had its turn
//   the middle  the next few thousand of all others, pass after pass, so that each has its turn
//   in hand     what the queue or the relay had at the end of the pass before, wherever it stands
//
// So the time of a pass does not grow with the outbox.

import { concurrently } from '../concurrently.ts';
import { type EnforcementJob, isFinal } from '../domain/coa/enforcement-job.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';
import type { JobStore, StoredJob } from '../ports/job-store.ts';

/** Rows of a first page: few sites ever have more. */
export const HEAD = 1_000;
const NEWEST = 500;
const MIDDLE = 2_000;
const NEW_MS = 15 * 60_000;
const READS_AT_ONCE = 16;

/** Of sites with more jobs than one pass looks at. */
export interface OutboxMemory {
  /** Where the middle goes on, by site. */
  readonly after: Map<string, string>;
  /** Ids of the jobs in hand, by site. */
  readonly inFlight: Map<string, readonly string[]>;
}

export const newOutboxMemory = (): OutboxMemory => ({ after: new Map(), inFlight: new Map() });

/** The first page of a site's outbox. */
export type OutboxHead = Awaited<ReturnType<JobStore['listOpen']>>;

/** @param hasTime asked before what is not needed in each pass */
export async function nextJobs(
  jobs: Pick<JobStore, 'listOpen' | 'read'>,
  site: string,
  head: OutboxHead,
  memory: OutboxMemory,
  now: Instant,
  hasTime: () => boolean,
): Promise<readonly StoredJob[]> {
  const behind = head.next;
  if (behind === undefined) {
    memory.after.delete(site);
    memory.inFlight.delete(site);
    return head.jobs;
  }
  const newest = await jobs.listOpen(site, { limit: NEWEST, urgentSince: addMilliseconds(now, -NEW_MS) });
  const found = new Map([...head.jobs, ...newest.jobs].map((stored) => [stored.job.id, stored]));
  const inFlight = (memory.inFlight.get(site) ?? []).filter((id) => !found.has(id));
  for (const stored of await concurrently(inFlight, READS_AT_ONCE, (id) => jobs.read(site, id))) {
    if (stored !== undefined && !isFinal(stored.job)) found.set(stored.job.id, stored);
  }
  if (hasTime()) {
    const known = memory.after.get(site);
    const after = known !== undefined && known > behind ? known : behind;
    const middle = await jobs.listOpen(site, { limit: MIDDLE, after });
    for (const stored of middle.jobs) found.set(stored.job.id, stored);
    if (middle.next === undefined) memory.after.delete(site);
    else memory.after.set(site, middle.next);
  }
  return [...found.values()];
}

/** Urgent jobs decided lately and the others by turns, each in the order in which they come. */
export function alternateUrgent<T extends { readonly job: EnforcementJob }>(due: readonly T[], now: Instant): T[] {
  const since = addMilliseconds(now, -NEW_MS);
  const isNew = ({ job }: T): boolean => job.urgent && job.stage === 'decided' && job.decidedAt >= since;
  const [newer, older] = [due.filter(isNew), due.filter((one) => !isNew(one))];
  return Array.from({ length: Math.max(newer.length, older.length) }, (_, at) => [newer[at], older[at]])
    .flat()
    .filter((one) => one !== undefined);
}
