// Reads rows of sessions, with what is kept beside them: restarts of their NASes. Rows that hold no session are logged
// once and passed over, so that one that something else wrote holds up no other.

import type { TableClient } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { SHARDS } from '../../domain/device/device.ts';
import { mayBeSamePlace } from '../../domain/place.ts';
import { replacedButCarried } from '../../domain/session/answers-in-effect.ts';
import { answerOf, asAnswered, placeOf, type Session } from '../../domain/session/session.ts';
import { stationOf } from '../../domain/session/session-id.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { AnsweredWithin, SessionPage } from '../../ports/session-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { overwrittenAnswers, type Trace } from './answer-traces.ts';
import type { NasRestarts } from './nas-restarts.ts';
import { prefixFilter, sessionRow, sessionsFilter, shardPartition, withoutRecordFilter } from './row-keys.ts';
import { readRow } from './rows.ts';
import {
  basisOf,
  fromSessionEntity,
  isEarlierRow,
  type SessionRow,
  withAnswers,
  withCarried,
} from './session-entity.ts';
import { storePages } from './store-errors.ts';
import { TableDecisionStore } from './table-decision-store.ts';

const READ_AT_ONCE = 16;
/** Rows that are remembered as logged. */
const MOST_LOGGED = 1_000;

export class SessionRows {
  readonly #table: TableClient;
  readonly #restarts: NasRestarts;
  readonly #log: Logger | undefined;
  readonly #logged = new Set<string>();
  readonly #decisions: TableDecisionStore;

  constructor(table: TableClient, restarts: NasRestarts, log: Logger | undefined) {
    this.#table = table;
    this.#decisions = new TableDecisionStore(table);
    this.#restarts = restarts;
    this.#log = log;
  }

  /** @throws StoreError NAC_STORE_ROW */
  async read(sessionId: string, { signal }: CallOptions): Promise<Session | undefined> {
    const row = await readRow<SessionRow>('reading a session', this.#table, sessionRow(sessionId), { signal });
    return row && this.#toSession(row, { signal });
  }

  /** The same among many: what cannot be read is passed over. */
  async readOrPass(sessionId: string, options: CallOptions): Promise<Session | undefined> {
    try {
      return await this.read(sessionId, options);
    } catch (thrown) {
      this.#passOver(sessionId, thrown);
      return undefined;
    }
  }

  async listStation(station: string, { signal }: CallOptions): Promise<Session[]> {
    const filter = prefixFilter(shardPartition(station.charAt(0)), `s|${station}`);
    const listed = this.#table.listEntities<SessionRow>({
      queryOptions: { filter },
      ...(signal && { abortSignal: signal }),
    });
    const rows: SessionRow[] = [];
    for await (const row of storePages('listing sessions of a station', listed)) rows.push(row);
    return [...(await this.#toSessions(rows, { signal })).sessions];
  }

  async listPage(
    shard: string,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
    { signal }: CallOptions,
  ): Promise<SessionPage> {
    const queryOptions = { filter: sessionsFilter(shard, after) };
    const pages = this.#table
      .listEntities<SessionRow>({ queryOptions, ...(signal && { abortSignal: signal }) })
      .byPage({ maxPageSize: limit });
    for await (const page of storePages('listing sessions', pages)) {
      // The service may answer a page without rows where it had to stop before it found any.
      if (page.length === 0) continue;
      const { continuationToken } = page as { continuationToken?: string };
      const last = idOf(page.at(-1) ?? {});
      return { ...(await this.#toSessions(page, { signal })), ...(continuationToken && { next: last }) };
    }
    return { sessions: [], unreadable: 0 };
  }

  async *listWithoutRecord(range: AnsweredWithin, options: CallOptions): AsyncIterable<Session> {
    const { since, until } = range;
    const perShard = await Promise.all(SHARDS.map((shard) => this.#idsWithoutRecord(shard, range, options)));
    const ids = [...new Set(perShard.flat())];
    for (let start = 0; start < ids.length; start += READ_AT_ONCE) {
      const chunk = ids.slice(start, start + READ_AT_ONCE);
      for (const session of await Promise.all(chunk.map((id) => this.readOrPass(id, options)))) {
        for (const answer of session?.answers ?? []) {
          const rests = basisOf(answer.decision.device) !== 'record';
          const { decidedAt } = answer.decision;
          const isWithin = decidedAt >= since && (until === undefined || decidedAt < until);
          if (session && rests && isWithin) yield asAnswered(session, answer);
        }
      }
    }
  }

  async #idsWithoutRecord(shard: string, { since, until }: AnsweredWithin, { signal }: CallOptions): Promise<string[]> {
    const filter = withoutRecordFilter(shard, { since, ...(until !== undefined && { before: until }) });
    const queryOptions = { filter, select: ['sessionId'] };
    const ids: string[] = [];
    const rows = this.#table.listEntities<{ sessionId: string }>({
      queryOptions,
      ...(signal && { abortSignal: signal }),
    });
    for await (const { sessionId } of storePages('listing sessions without a record', rows)) ids.push(sessionId);
    return ids;
  }

  async #toSessions(rows: readonly SessionRow[], options: CallOptions): Promise<SessionPage> {
    let unreadable = 0;
    const sessions = await concurrently(rows, READ_AT_ONCE, async (row) => {
      try {
        return await this.#toSession(row, options);
      } catch (thrown) {
        this.#passOver(idOf(row), thrown);
        unreadable += 1;
        return undefined;
      }
    });
    return { sessions: sessions.filter((session) => session !== undefined), unreadable };
  }

  /** @returns `undefined` where another row has taken the place of one that the version before wrote */
  async #toSession(row: SessionRow, options: CallOptions): Promise<Session | undefined> {
    const asWritten = fromSessionEntity(idOf(row), row);
    const lost = overwrittenAnswers(row, asWritten.answers);
    const newest = lost.length === 0 ? asWritten : await this.#withAnswers(asWritten, lost, options);
    const known = await this.#withCarried(newest, options);
    const session = await this.#restarts.applyTo(known, options);
    return isEarlierRow(row) && (await this.#isReplaced(session, options)) ? undefined : session;
  }

  /** Answers that a late write has taken the place of are still among the decisions. */
  async #withAnswers(session: Session, lost: readonly Trace[], options: CallOptions): Promise<Session> {
    const found = await Promise.all(
      lost.map(async ({ decisionId, credential }) => {
        const record = await this.#decisions.read(decisionId, options);
        return record?.site === session.site ? [{ ...answerOf(record), credential }] : [];
      }),
    );
    return withAnswers(session, found.flat());
  }

  /** The answer that a late one overwrote, although accounting says that the station runs on it. */
  async #withCarried(session: Session, options: CallOptions): Promise<Session> {
    const decisionId = replacedButCarried(session);
    if (decisionId === undefined) return session;
    const record = await this.#decisions.read(decisionId, options);
    if (record?.site !== session.site) return session;
    return withCarried(session, { ...answerOf(record), credential: record.credential ?? 'earlier' });
  }

  /** The station has been answered at the same place since, and that has a row of its own. */
  async #isReplaced(session: Session, { signal }: CallOptions): Promise<boolean> {
    const filter = prefixFilter(shardPartition(session.id.charAt(0)), `s|${stationOf(session.id)}`);
    const listed = this.#table.listEntities<SessionRow>({
      queryOptions: { filter },
      ...(signal && { abortSignal: signal }),
    });
    const newest = session.answers[0]?.decision.decidedAt ?? '';
    for await (const row of storePages('listing sessions of a station', listed)) {
      if (isEarlierRow(row)) continue;
      const other = fromSessionEntity(idOf(row), row);
      const isNewer = other.answers.some(({ decision }) => decision.decidedAt > newest);
      if (isNewer && mayBeSamePlace(placeOf(other), placeOf(session))) return true;
    }
    return false;
  }

  /** @throws what is no fault of the row */
  #passOver(sessionId: string, thrown: unknown): void {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_STORE_ROW') throw thrown;
    if (this.#logged.has(sessionId)) return;
    if (this.#logged.size >= MOST_LOGGED) this.#logged.clear();
    this.#logged.add(sessionId);
    const { code, message, action } = thrown;
    this.#log?.error('sessions.unreadable-row', { code, message, action, session: sessionId });
  }
}

function idOf(row: SessionRow): string {
  return String(row['rowKey']).slice('s|'.length);
}
