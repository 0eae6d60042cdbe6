// Writes dead letters of the queues into their jobs. Such a job stays until an operator has it sent again, or the next
// comparison of all sessions decides again: a message that cannot be handled must not go round for ever.

import { concurrently } from '../concurrently.ts';
import { applyDeadLetter } from '../domain/coa/advance-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { StoreError, toConnectorError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetter, JobQueue } from '../ports/job-queue.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface DeadLetterDeps {
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

/** Sites asked at once. */
const SITES_AT_ONCE = 8;

/**
 * A site whose queue is away, or was taken down, holds up no other: it has its turn again in the next round.
 * @param until no further site is asked after this
 * @returns sites that were not asked
 */
export async function takeDeadLetters(
  deps: DeadLetterDeps,
  sites: Iterable<string>,
  until?: Instant,
): Promise<string[]> {
  const left: string[] = [];
  await concurrently([...sites], SITES_AT_ONCE, async (site) => {
    if (until !== undefined && toInstant(deps.clock.now()) >= until) return void left.push(site);
    try {
      await deps.queue.takeDeadLetters(site, (deadLetter) => record(deps, site, deadLetter));
    } catch (thrown) {
      const { code, message, action } = toConnectorError(thrown);
      deps.log.warn('enforcement.dead-letters-not-read', { site, code, message, action });
    }
  });
  return left;
}

async function record(deps: DeadLetterDeps, site: string, { job: dead, reason }: DeadLetter): Promise<void> {
  const { jobs, clock, log } = deps;
  log.error('enforcement.dead-letter', { site, job: dead?.id, attempt: dead?.attempt, reason });
  if (dead === undefined) return;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await jobs.read(site, dead.id);
    if (stored === undefined) return;
    const job = applyDeadLetter(stored.job, { attempt: dead.attempt, reason }, toInstant(clock.now()));
    if (job === stored.job) return;
    if (await jobs.update(job, stored.etag)) {
      log.info('enforcement.job', { job: job.id, site, stage: job.stage, attempt: job.attempt, reason });
      return;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on job ${dead.id}.`, {
    action: 'Nothing is lost: the dead letter is taken again.',
  });
}
