// What one process remembers of the NASes of its sites: their addresses, clocks and restarts.

import type { CoaNas } from '../domain/coa-job.ts';
import type { Instant } from '../domain/instant.ts';

export interface ClockShown {
  /** The most that a record showed it to be ahead: the record with the shortest way is nearest to the truth. */
  readonly mostMs: number;
  readonly records: number;
  readonly since: Instant;
}

/** What this process has lately heard of each NAS of a site. */
export interface NasMemory {
  noteSource(site: string, nas: CoaNas): void;
  /**
   * Where its questions came from; empty where nothing was heard of the NAS. A packet without a source counts as ''.
   */
  sourcesOf(site: string, nas: CoaNas): readonly string[];
  /** It accounts for its sessions. */
  noteAccounting(site: string, nas: CoaNas): void;
  accounts(site: string, nas: CoaNas): boolean;
  noteRestart(site: string, nas: CoaNas, at: Instant): void;
  /** What the records of an hour show of the clock of a NAS. */
  noteClock(site: string, nas: CoaNas, aheadMs: number, now: Instant): ClockShown;
  /** True once an hour for a thing that is worth a line in the log. */
  isNews(what: string, now: Instant): boolean;
  restartedAt(site: string, nas: CoaNas): Instant | undefined;
}
