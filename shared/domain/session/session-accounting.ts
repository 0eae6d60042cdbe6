// What accounting says of a session, as it is kept with the session.

import type { CoaNas, CoaSession } from '../coa-job.ts';
import type { Instant } from '../instant.ts';

/** What accounting says of a session, put together from its records: what one says stays when a later one says less. */
export interface SessionAccounting {
  readonly status: 'started' | 'stopped';
  /** Time of the newest event that counted. */
  readonly at: Instant;
  /** When the newest record that counted arrived, by our clock. Absent in rows from before it was kept. */
  readonly receivedAt?: Instant;
  /** Time of the first event with this Acct-Session-Id. */
  readonly since?: Instant;
  readonly acctSessionId?: string;
  readonly nas: CoaNas;
  readonly coa: CoaSession;
  /** Decision that the session's Class names. */
  readonly class?: string;
  /**
   * When the NAS said that it knows no such session (Error-Cause 503). What it says of it later speaks against that.
   */
  readonly notFoundAt?: Instant;
  /** No record said so: that one ended which had replaced it, and the station may be there still. */
  readonly supposed?: true;
  /** Sessions of the station at this place that another one replaced, the newest first. */
  readonly earlier?: readonly EarlierSession[];
}
export interface EarlierSession {
  readonly acctSessionId: string;
  /** Time of its newest event that counted. */
  readonly at: Instant;
  /** Time of its first event. */
  readonly since?: Instant;
  /** When another one took its place, or it ended without ever having had it, by our clock. */
  readonly replacedAt: Instant;
  readonly class?: string;
  readonly stopped?: true;
}
