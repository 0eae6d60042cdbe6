// Where CoA jobs are kept.

import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import type { Instant } from '../domain/instant.ts';
import type { Sites } from '../domain/sites.ts';
import type { CallOptions } from './call-options.ts';

export interface StoredJob {
  readonly job: EnforcementJob;
  readonly etag: string;
}

/** Jobs, and among them the outbox: those that are not final. */
export interface JobStore {
  /** Puts a job into the outbox; false when it was put there before. */
  create(job: EnforcementJob): Promise<boolean>;
  read(site: string, id: string): Promise<StoredJob | undefined>;
  /** Replaces the job; takes it out of the outbox when it is final. False when another writer was first. */
  update(job: EnforcementJob, etag: string): Promise<boolean>;
  /**
   * Some of a site's outbox: urgent ones first, then by age. Rows that something else wrote are reported and passed
   * over.
   * @returns `next` where there are more of them
   */
  listOpen(site: string, range: OutboxRange): Promise<{ readonly jobs: readonly StoredJob[]; readonly next?: string }>;
  /** Jobs newest first, read as they are taken. Rows that something else wrote are reported and passed over. */
  list(range: JobRange): AsyncIterable<EnforcementJob>;
  /** Every site that has had a job, in the order of their names. */
  listSites(): AsyncIterable<string>;
  /**
   * Removes jobs of a site that came to their end before that time. When the signal ends it, what was removed by then
   * counts.
   * @returns how many
   */
  removeFinished(site: string, before: Instant, options?: CallOptions): Promise<number>;
}

export interface OutboxRange {
  /** Rows looked at, at most. */
  readonly limit: number;
  /** Behind where an earlier call ended. */
  readonly after?: string | undefined;
  /** Only urgent ones that were decided then or later. */
  readonly urgentSince?: Instant | undefined;
  /** Only those about this session. */
  readonly sessionId?: string | undefined;
}

export interface JobRange {
  readonly sites: Sites;
  /** Only jobs that come after the one of this id, which is older. */
  readonly after?: string | undefined;
  /** Only jobs decided then or later. */
  readonly since?: Instant | undefined;
}
