// Sessions in Table Storage: one row each, one that leads from a device to its sessions, and one for each decision, in one
// transaction.

import type { TableClient, TableEntityResult, TransactionAction } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import type { SessionAccounting } from '../../domain/accounting.ts';
import type { MatchedDevice } from '../../domain/decision.ts';
import { type DeviceKey, deviceKeyText, SHARDS } from '../../domain/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import { NAS_LOCATION_FIELDS } from '../../domain/nas-location.ts';
import { rulingSession } from '../../domain/ruling-session.ts';
import type { Session } from '../../domain/session.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions, SessionStore } from '../../ports.ts';
import { decisionActions } from './decision-rows.ts';
import {
  prefixFilter,
  sessionOfAccountingIdRow,
  sessionOfDeviceRow,
  sessionRow,
  sessionsOfDevicePrefix,
  shardPartition,
} from './row-keys.ts';
import { isConflict, isNotFound, storeCall, storePages, toStoreError } from './store-errors.ts';

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

const DELETE_CONCURRENCY = 16;

const SIGNS_OF_LIFE = ['decidedAt', 'accountedAt'];

const WITHOUT_RECORD = ['live', 'nothing'] as const;

const TEXT_COLUMNS = [
  ...NAS_LOCATION_FIELDS,
  'userName',
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'method',
  'client',
] as const satisfies readonly (keyof Session)[];

export class TableSessionStore implements SessionStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async writeDecision(session: Session, { signal }: CallOptions = {}): Promise<void> {
    const { decision, presented, id, accounting, site, mac, ...place } = session;
    const { device } = decision;
    // MAB has a column of its own: it does not replace what the station has proven (ruling-session.ts).
    const answer =
      session.method === 'mab'
        ? { bypass: JSON.stringify({ ...place, presented, decision }) }
        : // Merged rows keep what is not written: a place without a port must not keep the port of the place before.
          {
            ...Object.fromEntries(TEXT_COLUMNS.map((column) => [column, ''])),
            ...place,
            presented: JSON.stringify(presented),
            decision: JSON.stringify(decision),
          };
    const row = {
      ...sessionRow(id),
      site,
      ...(mac !== undefined && { mac }),
      ...answer,
      // Columns beside the JSON are for people and filters.
      decidedAt: decision.decidedAt,
      standing: decision.standing,
      verdict: decision.outcome.verdict,
      deviceKey: device ? deviceKeyText(device) : '',
      basis: basisOf(device),
    };
    // Merge: what accounting knows of the session stays.
    const actions: TransactionAction[] = [['upsert', row, 'Merge']];
    if (device) actions.push(['upsert', { ...sessionOfDeviceRow(device, id), sessionId: id }, 'Replace']);
    for (const accountingId of accountingIds(session)) {
      const way = sessionOfAccountingIdRow(id.charAt(0), site, accountingId);
      actions.push(['upsert', { ...way, sessionId: id, decidedAt: decision.decidedAt }, 'Replace']);
    }
    actions.push(...decisionActions(session));
    const options = signal ? { abortSignal: signal } : {};
    await storeCall('writing a session', this.#table.submitTransaction(actions, options));
  }

  async updateAccounting(
    sessionId: string,
    edit: (session: Session) => SessionAccounting | undefined,
    { signal }: CallOptions = {},
  ): Promise<boolean> {
    const options = signal ? { abortSignal: signal } : {};
    const { partitionKey, rowKey } = sessionRow(sessionId);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const row = await this.#table.getEntity<Record<string, unknown>>(partitionKey, rowKey, options);
        const accounting = edit(toSession(sessionId, row));
        if (accounting === undefined) return false;
        const columns = { accounting: JSON.stringify(accounting), accountedAt: accounting.at };
        await this.#table.updateEntity({ partitionKey, rowKey, ...columns }, 'Merge', { etag: row.etag, ...options });
        return true;
      } catch (thrown) {
        if (isNotFound(thrown)) return false;
        if (!isConflict(thrown)) throw toStoreError('writing the accounting of a session', thrown);
      }
    }
    throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on session ${sessionId}.`, {
      action: 'Deliver the accounting record again; it does no harm twice.',
    });
  }

  async *listAll(): AsyncIterable<Session> {
    for (const shard of SHARDS) {
      const filter = prefixFilter(shardPartition(shard), 's|');
      const rows = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter } });
      try {
        for await (const row of rows) yield toSession(String(row.rowKey).slice('s|'.length), row);
      } catch (thrown) {
        throw toStoreError('listing sessions', thrown);
      }
    }
  }

  /**
   * Ways first, then sessions: a way that is listed had its session, since one transaction writes both. What is written
   * again meanwhile has another etag and stays.
   */
  async removeSilent(shard: string, before: Instant, limit: number): Promise<number> {
    const ofDevices = await this.#list<{ sessionId: string }>(shard, 'd|', ['sessionId']);
    const ofAccounting = await this.#list<{ sessionId: string }>(shard, 'a|', ['sessionId']);
    const sessions = await this.#list<{ decidedAt: string; accountedAt?: string }>(shard, 's|', SIGNS_OF_LIFE);
    const there = new Set(sessions.map(({ rowKey = '' }) => rowKey.slice('s|'.length)));
    const silent = sessions.filter(({ decidedAt, accountedAt = '' }) => decidedAt < before && accountedAt < before);
    let removed = 0;
    await concurrently(silent.slice(0, limit), DELETE_CONCURRENCY, async (row) => {
      if (!(await this.#remove(row))) return;
      there.delete(row.rowKey?.slice('s|'.length) ?? '');
      removed += 1;
    });
    const names = await this.#list<{ decidedAt: string }>(shard, 'a|', ['decidedAt']);
    await concurrently(
      names.filter(({ decidedAt }) => decidedAt < before),
      DELETE_CONCURRENCY,
      (row) => this.#remove(row),
    );
    const leadingNowhere = [...ofDevices, ...ofAccounting].filter(({ sessionId }) => !there.has(sessionId));
    await concurrently(leadingNowhere, DELETE_CONCURRENCY, (row) => this.#remove(row));
    return removed;
  }

  /** One question to all shards: nearly always there is next to nothing to be found. */
  async *listWithoutRecord(since: Instant): AsyncIterable<Session> {
    const basis = `(basis eq '${WITHOUT_RECORD.join("' or basis eq '")}')`;
    const filter = `RowKey ge 's|' and RowKey lt 's}' and decidedAt ge '${since}' and ${basis}`;
    const rows = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter } });
    try {
      for await (const row of rows) yield toSession(String(row.rowKey).slice('s|'.length), row);
    } catch (thrown) {
      throw toStoreError('listing sessions without a record', thrown);
    }
  }

  async read(sessionId: string, { signal }: CallOptions = {}): Promise<Session | undefined> {
    const { partitionKey, rowKey } = sessionRow(sessionId);
    try {
      const options = signal ? { abortSignal: signal } : {};
      return toSession(sessionId, await this.#table.getEntity<Record<string, unknown>>(partitionKey, rowKey, options));
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading a session', thrown);
    }
  }

  async findByAccountingIds(
    site: string,
    ids: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<string | undefined> {
    const options = signal ? { abortSignal: signal } : {};
    for (const accountingId of ids) {
      // Which shard the session is in, its id would say.
      const found = await Promise.all(
        SHARDS.map(async (shard) => {
          const { partitionKey, rowKey } = sessionOfAccountingIdRow(shard, site, accountingId);
          try {
            return (await this.#table.getEntity<{ sessionId: string }>(partitionKey, rowKey, options)).sessionId;
          } catch (thrown) {
            if (isNotFound(thrown)) return undefined;
            throw toStoreError('finding a session', thrown);
          }
        }),
      );
      const sessionId = found.find((id) => id !== undefined);
      if (sessionId !== undefined) return sessionId;
    }
    return undefined;
  }

  async listByDevice(key: DeviceKey): Promise<Session[]> {
    const perShard = await Promise.all(SHARDS.map((shard) => this.#sessionIds(shard, key)));
    const sessions = await Promise.all(perShard.flat().map((sessionId) => this.read(sessionId)));
    // The way from a device stays when its session turns to another device; the session itself decides.
    return sessions.filter(
      (session): session is Session =>
        session?.decision.device !== undefined && deviceKeyText(session.decision.device) === deviceKeyText(key),
    );
  }

  async #list<T extends object>(shard: string, prefix: string, select: string[]): Promise<TableEntityResult<T>[]> {
    const queryOptions = { filter: prefixFilter(shardPartition(shard), prefix), select: ['RowKey', ...select] };
    const rows: TableEntityResult<T>[] = [];
    const pages = this.#table.listEntities<T>({ queryOptions }).byPage();
    for await (const page of storePages('listing sessions', pages)) {
      rows.push(...page.map((row) => ({ ...row, partitionKey: shardPartition(shard) })));
    }
    return rows;
  }

  /** @returns false when the row was written since it was listed, or is gone */
  async #remove({ partitionKey = '', rowKey = '', etag }: TableEntityResult<object>): Promise<boolean> {
    try {
      await this.#table.deleteEntity(partitionKey, rowKey, { etag });
      return true;
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) return false;
      throw toStoreError('removing a session', thrown);
    }
  }

  async #sessionIds(shard: string, key: DeviceKey): Promise<string[]> {
    const filter = prefixFilter(shardPartition(shard), sessionsOfDevicePrefix(key));
    const ids: string[] = [];
    const rows = this.#table.listEntities<{ sessionId: string }>({ queryOptions: { filter, select: ['sessionId'] } });
    try {
      for await (const { sessionId } of rows) ids.push(sessionId);
    } catch (thrown) {
      throw toStoreError('listing the sessions of a device', thrown);
    }
    return ids;
  }
}

function accountingIds({ auditSessionId, acctMultiSessionId }: Session): string[] {
  return [auditSessionId, acctMultiSessionId].filter((id) => id !== undefined);
}

/** On what the latest decision rests: a stored record, Intune's own word, or nothing. */
function basisOf(device: MatchedDevice | undefined): 'record' | (typeof WITHOUT_RECORD)[number] {
  if (device === undefined) return 'nothing';
  return device.live ? 'live' : 'record';
}

function toSession(id: string, row: Record<string, unknown>): Session {
  const texts = TEXT_COLUMNS.flatMap((column) =>
    typeof row[column] === 'string' && row[column] !== '' ? [[column, row[column]]] : [],
  );
  const common = {
    id,
    site: String(row['site']),
    ...(typeof row['mac'] === 'string' && row['mac'] !== '' && { mac: row['mac'] as MacAddress }),
    ...(typeof row['accounting'] === 'string' && { accounting: JSON.parse(row['accounting']) }),
  };
  const proven: Session | undefined =
    typeof row['decision'] === 'string'
      ? {
          ...common,
          client: String(row['client']),
          ...Object.fromEntries(texts),
          presented: JSON.parse(String(row['presented'])),
          decision: JSON.parse(row['decision']),
        }
      : undefined;
  const bypass: Session | undefined =
    typeof row['bypass'] === 'string' ? { ...JSON.parse(row['bypass']), ...common } : undefined;
  const session = rulingSession(proven, bypass);
  if (session === undefined) throw unreadableSession(id);
  return session;
}

function unreadableSession(id: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `The row of session ${id} holds no answer.`, {
    action:
      'Something else wrote into the table: remove the row. The station is remembered at its next authentication.',
  });
}
