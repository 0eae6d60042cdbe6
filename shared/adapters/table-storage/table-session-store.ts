// Sessions in Table Storage: one row each, and one that leads from a device to its sessions, in one transaction.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import { type DeviceKey, deviceKeyText, SHARDS } from '../../domain/device.ts';
import type { NasLocation, Session } from '../../domain/session.ts';
import type { CallOptions, SessionStore } from '../../ports.ts';
import { prefixFilter, sessionOfDeviceRow, sessionRow, sessionsOfDevicePrefix, shardPartition } from './row-keys.ts';
import { isNotFound, storeCall, toStoreError } from './store-errors.ts';

const NAS_COLUMNS = [
  'nasIpAddress',
  'nasIpv6Address',
  'nasIdentifier',
  'nasPortId',
  'nasPortType',
  'calledStationId',
  'packetSourceIp',
] as const satisfies readonly (keyof NasLocation)[];

const TEXT_COLUMNS = [...NAS_COLUMNS, 'mac', 'userName', 'acctSessionId'] as const;

export class TableSessionStore implements SessionStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async writeDecision(session: Session, { signal }: CallOptions = {}): Promise<void> {
    const { decision, presented, id, ...columns } = session;
    const { device } = decision;
    const row = {
      ...sessionRow(id),
      ...columns,
      // Columns beside the JSON are for people and filters; merged rows need every one written each time.
      presented: JSON.stringify(presented),
      decision: JSON.stringify(decision),
      decidedAt: decision.decidedAt,
      standing: decision.standing,
      verdict: decision.outcome.verdict,
      deviceKey: device ? deviceKeyText(device) : '',
    };
    // Merge: what accounting knows of the session stays.
    const actions: TransactionAction[] = [['upsert', row, 'Merge']];
    if (device) actions.push(['upsert', { ...sessionOfDeviceRow(device, id), sessionId: id }, 'Replace']);
    const options = signal ? { abortSignal: signal } : {};
    await storeCall('writing a session', this.#table.submitTransaction(actions, options));
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
    try {
      for await (const { sessionId } of rows) ids.push(sessionId);
    } catch (thrown) {
      throw toStoreError('listing the sessions of a device', thrown);
    }
    return ids;
  }
}

function toSession(id: string, row: Record<string, unknown>): Session {
  const texts = TEXT_COLUMNS.flatMap((column) => (typeof row[column] === 'string' ? [[column, row[column]]] : []));
  return {
    id,
    site: String(row['site']),
    client: String(row['client']),
    ...Object.fromEntries(texts),
    presented: JSON.parse(String(row['presented'])),
    decision: JSON.parse(String(row['decision'])),
  };
}
