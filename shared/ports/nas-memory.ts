import type { CoaNas } from '../domain/coa-job.ts';
import type { Instant } from '../domain/instant.ts';

/** What this process has lately heard of each NAS of a site. */
export interface NasMemory {
  noteSource(site: string, nas: CoaNas): void;
  /** Where its packets came from; empty where nothing was heard of the NAS. A packet without a source counts as ''. */
  sourcesOf(site: string, nas: CoaNas): readonly string[];
  /** It accounts for its sessions. */
  noteAccounting(site: string, nas: CoaNas): void;
  accounts(site: string, nas: CoaNas): boolean;
  noteRestart(site: string, nas: CoaNas, at: Instant): void;
  /** True once an hour for a client: its clock is worth a line in the log. */
  isNewsOfClock(client: string, now: Instant): boolean;
  restartedAt(site: string, nas: CoaNas): Instant | undefined;
}
