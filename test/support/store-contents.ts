// What the store holds, without what differs from run to run: times, etags, ids of runs.

import { fromDeviceEntity } from '../../shared/adapters/table-storage/device-entity.ts';
import { CHANGE_PREFIX } from '../../shared/adapters/table-storage/row-keys.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import { type Device, type DeviceRecord, deviceKeyText } from '../../shared/domain/device/device.ts';
import { pointersOf } from '../../shared/domain/device/device-identities.ts';
import { identityText } from '../../shared/domain/identity/identity.ts';

export interface StoreContents {
  readonly devices: readonly (Omit<DeviceRecord, 'observedAt' | 'confirmedUntil' | 'held' | 'hardwareAt'> & {
    readonly inDoubt: boolean;
    readonly held: Device | 'absence' | undefined;
  })[];
  /** Changes not handed on yet, as `<device>|<version>`. */
  readonly pendingChanges: readonly string[];
  /** Which devices claim each identity, from their records. */
  readonly claimed: Readonly<Record<string, readonly string[]>>;
  /** Which devices each pointer names. */
  readonly held: Readonly<Record<string, readonly string[]>>;
  /** Packed fingerprints, without the numbers of runs, per device hash. */
  readonly fleet: readonly string[];
}

export async function storeContents(tables: Tables): Promise<StoreContents> {
  const rows = await Array.fromAsync(tables.devices.listEntities<Record<string, unknown>>());
  const stored = rows.filter(({ rowKey }) => rowKey?.startsWith('d|')).map((row) => fromDeviceEntity(row as never));
  const claimed: Record<string, string[]> = {};
  for (const { device } of stored) {
    for (const identity of pointersOf(device)) {
      const text = identityText(identity);
      claimed[text] = [...(claimed[text] ?? []), deviceKeyText(device)];
    }
  }
  return {
    devices: stored
      .map(({ etag, observedAt, confirmedUntil, hardwareAt, held, ...record }) => ({
        ...record,
        inDoubt: confirmedUntil !== undefined,
        held: held && (held.device ?? ('absence' as const)),
      }))
      .sort((a, b) => (a.device.id < b.device.id ? -1 : 1)),
    pendingChanges: rows
      .flatMap(({ rowKey }) => (rowKey?.startsWith(CHANGE_PREFIX) ? [rowKey.slice(CHANGE_PREFIX.length)] : []))
      .sort(),
    claimed: sorted(claimed),
    held: await readHeld(tables),
    fleet: await readFleet(tables),
  };
}

export async function readHeld(tables: Tables): Promise<Readonly<Record<string, readonly string[]>>> {
  const held: Record<string, string[]> = {};
  const rows = tables.identities.listEntities<{ value: string; holders: string }>();
  for await (const { rowKey, value, holders } of rows) {
    held[`${rowKey?.slice(0, rowKey.indexOf('|'))}|${value}`] = holders.split('\n');
  }
  return sorted(held);
}

async function readFleet(tables: Tables): Promise<string[]> {
  const entries: string[] = [];
  const filter = "PartitionKey eq 'fleet'";
  for await (const row of tables.polling.listEntities<Record<string, unknown>>({ queryOptions: { filter } })) {
    const packed = row['packed0'] instanceof Uint8Array ? Buffer.from(row['packed0']) : Buffer.alloc(0);
    // Four bytes of header, then per device: hash (8), fingerprint (5), misses (1), run (2).
    for (let at = 4; at < packed.length; at += 16) entries.push(packed.toString('hex', at, at + 14));
  }
  return entries.sort();
}

function sorted(lists: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(lists)
      .map(([key, list]): [string, string[]] => [key, [...list].sort()])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
