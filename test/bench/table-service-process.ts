// The Table service in a process of its own, which also grows: from rows that the real flows wrote it makes those of
// many more devices and sessions. Messages are JSON; each has one answer.

import { deviceHash } from '../../shared/domain/device/device.ts';
import type { Entity, StoredRow } from '../simulation/services/memory-table.ts';
import { startTableService } from './table-service.ts';

/** A device that is connected, whose rows are the pattern for others. */
export interface Pattern {
  readonly deviceId: string;
  readonly sessionId: string;
  readonly mac: string;
}

export type ServiceMessage =
  | { readonly what: 'requests' }
  | { readonly what: 'count'; readonly table: string; readonly prefix: string }
  | {
      readonly what: 'grow';
      readonly patterns: readonly Pattern[];
      /** Address of the NAS that all patterns are at. */
      readonly nas: string;
      readonly devices: number;
      readonly sessions: number;
      readonly sessionsPerNas: number;
      /** Every n-th device is noncompliant, and its session does not know. */
      readonly turnedEvery: number;
    };

const SHARDS = '0123456789abcdef';
const service = await startTableService(Number(process.argv[2] ?? 0));

process.on('message', (text: string) => {
  const message = JSON.parse(text) as ServiceMessage;
  if (message.what === 'requests') process.send?.({ requests: service.takeRequests() });
  else if (message.what === 'count') process.send?.({ count: count(message.table, message.prefix) });
  else process.send?.(grow(message));
});
process.on('disconnect', () => process.exit());
process.send?.({ port: service.port });

function* rowsOf(table: string, filter?: string): Generator<StoredRow> {
  let after: string | undefined;
  do {
    const page = service.table(table).list(filter, 1_000, after);
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}

function count(table: string, prefix: string): number {
  let rows = 0;
  for (const { rowKey } of rowsOf(table)) if (rowKey.startsWith(prefix)) rows += 1;
  return rows;
}

interface PatternRows extends Pattern {
  readonly device: StoredRow;
  readonly session: readonly StoredRow[];
}

function grow({ patterns, nas, devices, sessions, sessionsPerNas, turnedEvery }: ServiceMessage & { what: 'grow' }) {
  const byShard = Map.groupBy(patterns.map(withRows), ({ deviceId }) => shardOf(deviceId));
  for (let index = 0; index < devices; index++) {
    const deviceId = `7c9e6679-7425-4000-8000-${index.toString(16).padStart(12, '0')}`;
    const choice = byShard.get(shardOf(deviceId)) ?? [];
    const pattern = choice[index % choice.length];
    if (pattern === undefined) throw new Error('A shard of devices has no pattern.');
    const hex = index.toString(16).padStart(8, '0');
    const mac = `a4bb${hex}`;
    const sessionId = `${pattern.sessionId[0]}${hex.padStart(13, 'f')}${pattern.sessionId.slice(14)}`;
    const number = Math.floor(index / sessionsPerNas);
    const replaced: readonly (readonly [string, string])[] = [
      [pattern.deviceId, deviceId],
      [pattern.sessionId, sessionId],
      ...notations(pattern.mac).map((from, at) => [from, notations(mac)[at] ?? ''] as const),
      [nas, `10.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`],
    ];
    const device = renamed(pattern.device, replaced, index);
    if (turnedEvery > 0 && index % turnedEvery === 0) device['complianceState'] = 'noncompliant';
    service.table('devices').apply({ kind: 'create', entity: device });
    if (index >= sessions) continue;
    for (const row of pattern.session) {
      service.table('sessions').apply({ kind: 'create', entity: renamed(row, replaced, index) });
    }
  }
  return { grown: true };
}

function withRows(pattern: Pattern): PatternRows {
  const [device] = [...rowsOf('devices')].filter(({ rowKey }) => rowKey === `d|intune|${pattern.deviceId}`);
  if (device === undefined) throw new Error(`No device ${pattern.deviceId}`);
  const session = [...rowsOf('sessions')].filter((row) => JSON.stringify(row).includes(pattern.sessionId));
  return { ...pattern, device, session };
}

function renamed(row: StoredRow, replaced: readonly (readonly [string, string])[], index: number): Entity {
  const { etag, timestamp, ...kept } = row;
  let text = JSON.stringify(kept);
  for (const [from, to] of replaced) text = text.replaceAll(from, to);
  const entity = JSON.parse(text) as Entity;
  // Ids of accounting are found by a hash of them.
  if (entity.rowKey.startsWith('a|')) entity.rowKey = `a|${index.toString(16).padStart(32, '0')}`;
  return entity;
}

function notations(mac: string): readonly string[] {
  const pairs = mac.match(/../g) ?? [];
  return [
    mac,
    mac.toUpperCase(),
    pairs.join(':'),
    pairs.join('-').toUpperCase(),
    pairs.join('-'),
    pairs.join(':').toUpperCase(),
  ];
}

function shardOf(id: string): string {
  const shard = deviceHash({ source: 'intune', id }).charAt(0);
  if (!SHARDS.includes(shard)) throw new Error(`${shard} is no shard.`);
  return shard;
}
