// One accounting record of a NAS (RFC 2866), as it was read.

import type { Instant } from '../instant.ts';
import type { NasLocation } from '../nas-location.ts';

export const ACCOUNTING_STATUSES = ['Start', 'Stop', 'Interim-Update', 'Accounting-On', 'Accounting-Off'] as const;
export type AccountingStatus = (typeof ACCOUNTING_STATUSES)[number];
export interface AccountingEvent extends NasLocation {
  readonly status: AccountingStatus;
  /** When it happened, by our clock as well as it can be known; never later than `receivedAt`. */
  readonly at: Instant;
  /** When the record arrived, by our clock: at the site's proxy where it says how long ago that was, else here. */
  readonly receivedAt: Instant;
  /** How far the proxy's clock is ahead of ours, where it says what time it has. */
  readonly proxyClockAheadMs?: number;
  /** How far the NAS's clock is ahead of ours at least: less than it is by what the record has been under way. */
  readonly nasClockAheadMs?: number;
  readonly userName?: string;
  readonly callingStationId?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  readonly auditSessionId?: string;
  readonly framedIpAddress?: string;
  readonly nasPort?: number;
  /** The Class attribute of the permit, as text: the id of the decision the session runs on. */
  readonly class?: string;
}
