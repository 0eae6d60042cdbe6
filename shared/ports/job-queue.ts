// How jobs get to the relays.

import type { CoaJob } from '../domain/coa-job.ts';

/** The queue of each site, which its relay reads. */
export interface JobQueue {
  /**
   * Sends one attempt; sending the same one again does no harm.
   * @param trace W3C traceparent that the relay goes on with
   */
  send(job: CoaJob, trace?: string): Promise<void>;
  /** Takes out what the site's queue gave up on, each after `take` resolved. */
  takeDeadLetters(site: string, take: (deadLetter: DeadLetter) => Promise<void>): Promise<void>;
}

export interface DeadLetter {
  /** Absent when the message was no job. */
  readonly job?: CoaJob;
  readonly reason: string;
}
