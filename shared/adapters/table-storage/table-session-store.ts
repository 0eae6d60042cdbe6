// Sessions in Table Storage: one row each, one that leads from a device to its sessions, and one for each decision, in one
// transaction.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { SessionAccounting } from '../../domain/accounting.ts';
import { type DeviceKey, deviceKeyText, SHARDS } from '../../domain/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Session } from '../../domain/session.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import { decisionActions } from './decision-rows.ts';
import { removeSilentSessions } from './remove-silent-sessions.ts';
import {
  prefixFilter,
  sessionOfAccountingIdRow,
  sessionOfDeviceRow,
  sessionRow,
  sessionsOfDevicePrefix,
  shardPartition,
} from './row-keys.ts';
import { fromSessionEntity, toSessionEntity, WITHOUT_RECORD } from './session-entity.ts';
import { isConflict, isNotFound, storeCall, storePages, toStoreError } from './store-errors.ts';

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

export class TableSessionStore implements SessionStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async writeDecision(session: Session, { signal }: CallOptions = {}): Promise<void> {
    const { id, site, decision } = session;
    // Merge: what accounting knows of the session stays.
    const actions: TransactionAction[] = [['upsert', toSessionEntity(session), 'Merge']];
    if (decision.device) {
      actions.push(['upsert', { ...sessionOfDeviceRow(decision.device, id), sessionId: id }, 'Replace']);
    }
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
        const accounting = edit(fromSessionEntity(sessionId, row));
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
      for await (const row of storePages('listing sessions', rows)) {
        yield fromSessionEntity(String(row.rowKey).slice('s|'.length), row);
      }
    }
  }

  removeSilent(shard: string, before: Instant, limit: number): Promise<number> {
    return removeSilentSessions(this.#table, shard, before, limit);
  }

  /** One question to all shards: nearly always there is next to nothing to be found. */
  async *listWithoutRecord(since: Instant): AsyncIterable<Session> {
    const basis = `(basis eq '${WITHOUT_RECORD.join("' or basis eq '")}')`;
    const filter = `RowKey ge 's|' and RowKey lt 's}' and decidedAt ge '${since}' and ${basis}`;
    const rows = this.#table.listEntities<Record<string, unknown>>({ queryOptions: { filter } });
    for await (const row of storePages('listing sessions without a record', rows)) {
      yield fromSessionEntity(String(row.rowKey).slice('s|'.length), row);
    }
  }

  async read(sessionId: string, { signal }: CallOptions = {}): Promise<Session | undefined> {
    const { partitionKey, rowKey } = sessionRow(sessionId);
    try {
      const options = signal ? { abortSignal: signal } : {};
      const row = await this.#table.getEntity<Record<string, unknown>>(partitionKey, rowKey, options);
      return fromSessionEntity(sessionId, row);
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

  async #sessionIds(shard: string, key: DeviceKey): Promise<string[]> {
    const filter = prefixFilter(shardPartition(shard), sessionsOfDevicePrefix(key));
    const ids: string[] = [];
    const rows = this.#table.listEntities<{ sessionId: string }>({ queryOptions: { filter, select: ['sessionId'] } });
    for await (const { sessionId } of storePages('listing the sessions of a device', rows)) ids.push(sessionId);
    return ids;
  }
}

function accountingIds({ auditSessionId, acctMultiSessionId }: Session): string[] {
  return [auditSessionId, acctMultiSessionId].filter((id) => id !== undefined);
}
