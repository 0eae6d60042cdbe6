// Sessions in Table Storage: one row each, with rows that lead to it in the same partition.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { type DeviceKey, SHARDS } from '../../domain/device/device.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import type { Instant } from '../../domain/instant.ts';
import type { NasRestart } from '../../domain/session/nas-restart.ts';
import { answerRestsOn } from '../../domain/session/presented-devices.ts';
import type { AnsweredSession, Session } from '../../domain/session/session.ts';
import type { SessionAccounting } from '../../domain/session/session-accounting.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  AccountingWrite,
  AnsweredWithin,
  SessionPage,
  SessionStore,
  SessionToCompare,
  SessionWays,
} from '../../ports/session-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { NasRestarts } from './nas-restarts.ts';
import { removeSilentSessions } from './remove-silent-sessions.ts';
import {
  prefixFilter,
  sessionOfAccountingIdRow,
  sessionsOfDevicePrefix,
  sessionsOfIdentityPrefix,
  shardPartition,
} from './row-keys.ts';
import { readRow } from './rows.ts';
import { SessionRows } from './session-rows.ts';
import { listToCompare, noteToCompare, removeCompared } from './sessions-to-compare.ts';
import { isConflict, storePages, toStoreError } from './store-errors.ts';
import { openedSession, writeAccounting } from './write-accounting.ts';
import { writeAnswer, writeWays } from './write-answer.ts';

/** Rows read at once. */
const READ_AT_ONCE = 16;

/** What the store notes of its own work, and by which clock it keeps restarts in memory. */
export interface SessionStoreOptions {
  readonly clock?: Pick<Clock, 'now'>;
  readonly log?: Logger;
  /** For the traces of this process beside those of all others: eight hexadecimal digits at random. */
  readonly writer?: string;
}

export class TableSessionStore implements SessionStore {
  readonly #table: TableClient;
  readonly #restarts: NasRestarts;
  readonly #rows: SessionRows;
  readonly #writer: string | undefined;

  constructor(table: TableClient, { clock, log, writer }: SessionStoreOptions = {}) {
    this.#table = table;
    this.#writer = writer;
    this.#restarts = new NasRestarts(table, clock);
    this.#rows = new SessionRows(table, this.#restarts, log);
  }

  writeDecision(session: AnsweredSession, options: CallOptions & { column?: string } = {}): Promise<void> {
    return writeAnswer(this.#table, session, { ...options, ...(this.#writer && { writer: this.#writer }) });
  }

  async open(session: AnsweredSession, accounting: SessionAccounting, { signal }: CallOptions = {}): Promise<boolean> {
    const actions: TransactionAction[] = openedSession(session, accounting);
    try {
      await this.#table.submitTransaction(actions, signal ? { abortSignal: signal } : {});
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError('opening a session', thrown);
    }
  }

  updateAccounting(
    sessionId: string,
    edit: (session: Session) => SessionAccounting | undefined,
    options: AccountingWrite = {},
  ): Promise<boolean> {
    return writeAccounting(this.#table, this.#restarts, sessionId, edit, options);
  }

  read(sessionId: string, options: CallOptions = {}): Promise<Session | undefined> {
    return this.#rows.read(sessionId, options);
  }

  listStation(station: string, options: CallOptions = {}): Promise<Session[]> {
    return this.#rows.listStation(station, options);
  }

  listPage(
    shard: string,
    range: { readonly after?: string | undefined; readonly limit: number },
    options: CallOptions = {},
  ): Promise<SessionPage> {
    return this.#rows.listPage(shard, range, options);
  }

  listWithoutRecord(range: AnsweredWithin, options: CallOptions = {}): AsyncIterable<Session> {
    return this.#rows.listWithoutRecord(range, options);
  }

  async findByAccountingIds(
    site: string,
    ids: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<string | undefined> {
    for (const accountingId of ids) {
      // Which shard the session is in, its id would say.
      const found = await Promise.all(
        SHARDS.map(async (shard) => {
          const key = sessionOfAccountingIdRow(shard, site, accountingId);
          const row = await readRow<{ sessionId: string }>('finding a session', this.#table, key, { signal });
          return row?.sessionId;
        }),
      );
      const sessionId = found.find((id) => id !== undefined);
      if (sessionId !== undefined) return sessionId;
    }
    return undefined;
  }

  async listByDevice(key: DeviceKey, options: CallOptions = {}): Promise<Session[]> {
    const sessions = await this.#ledTo([sessionsOfDevicePrefix(key)], options);
    // The way from a device stays when its session turns to another device; the answers decide.
    return sessions.filter(({ answers }) => answers.some((answer) => answerRestsOn(answer, key)));
  }

  listConcerned(
    devices: readonly DeviceKey[],
    identities: readonly Identity[],
    options: CallOptions = {},
  ): Promise<Session[]> {
    const prefixes = [...devices.map(sessionsOfDevicePrefix), ...identities.map(sessionsOfIdentityPrefix)];
    return this.#ledTo(prefixes, options);
  }

  noteWays(sessionId: string, ways: SessionWays, at: Instant, options: CallOptions = {}): Promise<void> {
    return writeWays(this.#table, sessionId, ways, at, options);
  }

  noteToCompare(sessionId: string, at: Instant, options: CallOptions = {}): Promise<void> {
    return noteToCompare(this.#table, sessionId, at, options);
  }

  listToCompare(limit: number, options: CallOptions = {}): Promise<readonly SessionToCompare[]> {
    return listToCompare(this.#table, limit, options);
  }

  removeCompared(entry: SessionToCompare, options: CallOptions = {}): Promise<void> {
    return removeCompared(this.#table, entry, options);
  }

  noteRestart(restart: NasRestart, options: CallOptions = {}): Promise<boolean> {
    return this.#restarts.note(restart, options);
  }

  forgetRestarts(site: string): void {
    this.#restarts.forget(site);
  }

  removeSilent(shard: string, now: Instant, options: CallOptions = {}): Promise<number> {
    return removeSilentSessions(this.#table, shard, now, options);
  }

  async #ledTo(prefixes: readonly string[], options: CallOptions): Promise<Session[]> {
    const ids = new Set<string>();
    for (const prefix of prefixes) {
      const perShard = await Promise.all(SHARDS.map((shard) => this.#sessionIds(shard, prefix, options)));
      for (const id of perShard.flat()) ids.add(id);
    }
    const sessions = await concurrently([...ids], READ_AT_ONCE, (id) => this.#rows.readOrPass(id, options));
    return sessions.filter((session) => session !== undefined);
  }

  async #sessionIds(shard: string, prefix: string, { signal }: CallOptions): Promise<string[]> {
    const filter = prefixFilter(shardPartition(shard), prefix);
    const ids: string[] = [];
    const rows = this.#table.listEntities<{ sessionId: string }>({
      queryOptions: { filter, select: ['sessionId'] },
      ...(signal && { abortSignal: signal }),
    });
    for await (const { sessionId } of storePages('listing the sessions of a device', rows)) ids.push(sessionId);
    return ids;
  }
}
