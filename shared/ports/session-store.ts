// Where sessions are kept, with the latest decision of each.

import type { SessionAccounting } from '../domain/accounting.ts';
import type { DeviceKey } from '../domain/device.ts';
import type { Instant } from '../domain/instant.ts';
import type { Session } from '../domain/session.ts';
import type { CallOptions } from './call-options.ts';

export interface SessionStore {
  /** Keeps the session with its latest decision, and the decision in its own right, in one write; accounting stays. */
  writeDecision(session: Session, options?: CallOptions): Promise<void>;
  /**
   * Changes what accounting knows of a session, as often as it takes under contention.
   * @param edit gets the session and gives its accounting from now on, or `undefined` to leave it
   * @returns false when there is no such session, or `edit` left it
   */
  updateAccounting(
    sessionId: string,
    edit: (session: Session) => SessionAccounting | undefined,
    options?: CallOptions,
  ): Promise<boolean>;
  read(sessionId: string, options?: CallOptions): Promise<Session | undefined>;
  /** Id of the site's session that a NAS knows by one of these names (audit-session-id, Acct-Multi-Session-Id). */
  findByAccountingIds(
    site: string,
    accountingIds: readonly string[],
    options?: CallOptions,
  ): Promise<string | undefined>;
  /** Sessions whose latest decision rests on the device. */
  listByDevice(key: DeviceKey): Promise<Session[]>;
  /** Every session, over or not, in the order of their ids. */
  listAll(): AsyncIterable<Session>;
  /** Sessions whose latest decision, made since then, rests on no stored record: on Intune's own word, or on nothing. */
  listWithoutRecord(since: Instant): AsyncIterable<Session>;
  /**
   * Removes sessions of a shard (first digit of the id) that have shown no sign of life since `before`, so many at most,
   * and what leads to sessions that are not there any more.
   * @returns how many sessions
   */
  removeSilent(shard: string, before: Instant, limit: number): Promise<number>;
}
