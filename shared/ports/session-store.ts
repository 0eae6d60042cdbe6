// Where sessions are kept: one row for a station at a place, with the newest answer of each credential.

import type { DeviceKey } from '../domain/device/device.ts';
import type { Identity } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { NasRestart } from '../domain/session/nas-restart.ts';
import type { Answer, AnsweredSession, Session } from '../domain/session/session.ts';
import type { SessionAccounting } from '../domain/session/session-accounting.ts';
import type { CallOptions } from './call-options.ts';

/** One partition's sessions, in the order of their ids. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Give it as `after` to go on; absent at the end. A page may be short, or empty, and still have a next. */
  readonly next?: string;
  /** Rows that hold no session: something else wrote them. Each is logged once and passed over. */
  readonly unreadable: number;
}

/** A session that the next round of enforcement compares with policy. */
export interface SessionToCompare {
  readonly sessionId: string;
  /** When it was noted last. */
  readonly at: Instant;
  readonly etag: string;
}

export interface AccountingWrite extends CallOptions {
  /** The older answer that accounting carries, where the session does not keep it any more. */
  readonly carried?: Answer;
}

export interface AnsweredWithin {
  readonly since: Instant;
  readonly until?: Instant | undefined;
}

export interface SessionWays {
  readonly devices: readonly DeviceKey[];
  /** Those that a device may get, or lose. */
  readonly identities: readonly Identity[];
}

export interface SessionStore {
  /**
   * Keeps the answer with its session, and the decision in its own right, in one write. Nothing is read before;
   * accounting and answers for other credentials stay.
   * @param column set where an earlier write of this answer's column may still arrive: another column is written then
   */
  writeDecision(session: AnsweredSession, options?: CallOptions & { readonly column?: string }): Promise<void>;
  /**
   * Opens a session that accounting speaks of first: a station that roamed with an answer it got elsewhere.
   * @returns false when it is there already
   */
  open(session: AnsweredSession, accounting: SessionAccounting, options?: CallOptions): Promise<boolean>;
  /**
   * Changes what accounting knows of a session, as often as it takes under contention.
   * @param edit gets the session, twice where its NAS has restarted, and gives its accounting from now on, or
   * `undefined` to leave it
   * @returns false when there is no such session, or `edit` left it
   * @throws StoreError NAC_STORE_ROW when the row holds no session, or would take nothing more
   */
  updateAccounting(
    sessionId: string,
    edit: (session: Session) => SessionAccounting | undefined,
    options?: AccountingWrite,
  ): Promise<boolean>;
  /** @throws StoreError NAC_STORE_ROW when the row holds no session */
  read(sessionId: string, options?: CallOptions): Promise<Session | undefined>;
  /** Id of the site's session that a NAS knows by one of these names (audit-session-id, Acct-Multi-Session-Id). */
  findByAccountingIds(
    site: string,
    accountingIds: readonly string[],
    options?: CallOptions,
  ): Promise<string | undefined>;
  /** Sessions of a station, at all its places. @param station from `stationId`, the first digits of their ids */
  listStation(station: string, options?: CallOptions): Promise<Session[]>;
  /** Sessions of which an answer rests on the device: which of them are in effect, `answersInEffect` says. */
  listByDevice(key: DeviceKey, options?: CallOptions): Promise<Session[]>;
  /**
   * Sessions whose answers a change of one of the devices may change, or a device that gets or loses one of the
   * identities: whether it does, a comparison says.
   */
  listConcerned(
    devices: readonly DeviceKey[],
    identities: readonly Identity[],
    options?: CallOptions,
  ): Promise<Session[]>;
  /** Has changes of these concern the session, too: its answer would rest on them by now. */
  noteWays(sessionId: string, ways: SessionWays, at: Instant, options?: CallOptions): Promise<void>;
  /**
   * A page of a partition, over or not.
   * @param shard first digit of the ids
   * @param range `after` the id of the last session seen, `limit` 1 to 1000
   */
  listPage(
    shard: string,
    range: { readonly after?: string | undefined; readonly limit: number },
    options?: CallOptions,
  ): Promise<SessionPage>;
  /**
   * Sessions with an answer that rests on no stored record: on Intune's own word, or on nothing.
   * @param range answers given since then, and before `until`; without it, up to now
   */
  listWithoutRecord(range: AnsweredWithin, options?: CallOptions): AsyncIterable<Session>;
  /** Has the next round of enforcement compare the session with policy. */
  noteToCompare(sessionId: string, at: Instant, options?: CallOptions): Promise<void>;
  /** In no order that means anything; one query. */
  listToCompare(limit: number, options?: CallOptions): Promise<readonly SessionToCompare[]>;
  /** A session that was noted again meanwhile stays noted. */
  removeCompared(entry: SessionToCompare, options?: CallOptions): Promise<void>;
  /**
   * Notes that a NAS restarted, for readers to apply.
   * @returns false when that, or a later restart, is noted already
   */
  noteRestart(restart: NasRestart, options?: CallOptions): Promise<boolean>;
  /**
   * Restarts at the site that are noted by now count from now on, also those that another instance noted a moment ago.
   */
  forgetRestarts(site: string): void;
  /**
   * Removes sessions of a shard that have been over for long, and what leads to sessions that are not there any more.
   * When the signal ends it, what was removed by then counts.
   * @returns how many sessions
   */
  removeSilent(shard: string, now: Instant, options?: CallOptions): Promise<number>;
}
