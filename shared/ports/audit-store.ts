// Where the audit is kept. There is no way to change or remove an entry but by its age.

import type { AuditEntry } from '../domain/audit-entry.ts';
import type { Instant } from '../domain/instant.ts';
import type { Sites } from '../domain/sites.ts';
import type { CallOptions } from './call-options.ts';

export interface AuditRange {
  /** Only entries from then on. */
  readonly since: Instant;
  /** Only entries that were written from then on, by the store's clock: the writer sets an entry's own time. */
  readonly writtenSince?: Instant;
  /** What the page before had as `next`. */
  readonly after?: string | undefined;
  /** Only entries about these sites; entries about no site in particular are for those who may see every one. */
  readonly sites: Sites;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly next?: string;
}

export interface AuditStore {
  /** Kept before the change it is about, so that no change is without an entry. */
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(range: AuditRange, options?: CallOptions): Promise<AuditPage>;
  /** Removes entries older than that. When the signal ends it, what was removed by then counts. @returns how many */
  removeBefore(before: Instant, options?: CallOptions): Promise<number>;
}
