// The fleet index in a table that has the limits of Azure's: 64 KiB per property, 1 MiB per row.

import { beforeEach, describe, expect, test } from 'vitest';
import { TableSweepStore } from '../../../../shared/adapters/table-storage/table-sweep-store.ts';
import { FleetIndex } from '../../../../shared/polling/sweep/fleet-index.ts';
import { LARGEST_FLEET_SHARD_BYTES } from '../../../../shared/ports/sweep-store.ts';
import { MemoryTable } from '../../../simulation/services/memory-table.ts';
import { memoryTableClient } from '../../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../../simulation/services/wire.ts';

const FLEET = 1_200_000;
const IN_ONE_ROW = 11 * 65_536;

let table: ReturnType<typeof memoryTableClient>;
let store: TableSweepStore;

beforeEach(() => {
  table = memoryTableClient('polling', new MemoryTable(Date.now), INSTANT);
  store = new TableSweepStore(table);
});

const keyOf = (number: number) => ({ source: 'intune', id: `device-${number}` });

/** Bytes that differ from place to place and from seed to seed. */
function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Math.imul(at + seed, 2_654_435_761) >>> 24);
}

async function rowKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { rowKey } of table.listEntities()) keys.push(rowKey ?? '');
  return keys.sort();
}

describe('the fleet index beyond one row per shard', () => {
  test('1,200,000 devices are saved, and known to the next run as they were', async () => {
    const first = await FleetIndex.load(store, 1);
    for (let number = 0; number < FLEET; number++) first.record(keyOf(number), number + 1);
    await first.save(store, false);
    const second = await FleetIndex.load(new TableSweepStore(table), 2);
    expect({ size: second.size, hasLost: second.hasLost }).toEqual({ size: FLEET, hasLost: false });
    const met = Array.from({ length: 1000 }, (_, index) => index * 1200);
    expect(met.filter((number) => !second.meet(keyOf(number), number + 1))).toEqual([]);
    expect(second.needsSaving(false)).toBe(false);
  });

  test('a shard that grows and shrinks leaves no part behind', async () => {
    let etag = await store.writeFleetShard('a', bytes(IN_ONE_ROW, 1), undefined);
    expect(await rowKeys()).toEqual(['a']);
    etag = await store.writeFleetShard('a', bytes(3 * IN_ONE_ROW, 2), etag);
    expect(await rowKeys()).toHaveLength(4);
    etag = await store.writeFleetShard('a', bytes(IN_ONE_ROW + 1, 3), etag);
    expect(await rowKeys()).toHaveLength(3);
    expect(Buffer.from((await store.readFleetShard('a')).packed).equals(bytes(IN_ONE_ROW + 1, 3))).toBe(true);
    await store.writeFleetShard('a', bytes(10, 4), etag);
    expect(await rowKeys()).toEqual(['a']);
  });

  test('parts of another shard stay', async () => {
    await store.writeFleetShard('b', bytes(2 * IN_ONE_ROW, 1), undefined);
    const etag = await store.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 2), undefined);
    await store.writeFleetShard('a', bytes(10, 3), etag);
    expect((await store.readFleetShard('b')).packed).toHaveLength(2 * IN_ONE_ROW);
  });

  test('the layout of one row per shard is read, sixteen columns included', async () => {
    const packed = bytes(15 * 65_536 + 60_000, 5);
    const columns = Array.from({ length: 16 }, (_, at) => [
      `packed${at}`,
      packed.subarray(at * 65_536, (at + 1) * 65_536),
    ]);
    await table.createEntity({ partitionKey: 'fleet', rowKey: 'a', columns: 16, ...Object.fromEntries(columns) });
    expect(Buffer.from((await store.readFleetShard('a')).packed).equals(packed)).toBe(true);
  });

  test('a process that was killed before it wrote the head leaves the index before', async () => {
    const etag = await store.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 1), undefined);
    const stale = new TableSweepStore(table);
    await expect(stale.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 2), 'W/"an older one"')).rejects.toMatchObject({
      code: 'NAC_POLL_LEASE_LOST',
    });
    expect(Buffer.from((await store.readFleetShard('a')).packed).equals(bytes(2 * IN_ONE_ROW, 1))).toBe(true);
    await store.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 1), etag);
    expect(await rowKeys()).toHaveLength(3);
  });

  test('an index with a part missing is read as lost, and written again', async () => {
    await store.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 1), undefined);
    const [, part = ''] = await rowKeys();
    await table.deleteEntity('fleet', part);
    const { packed, etag } = await store.readFleetShard('a');
    expect(packed).toHaveLength(0);
    await store.writeFleetShard('a', bytes(2 * IN_ONE_ROW, 2), etag);
    expect((await store.readFleetShard('a')).packed).toHaveLength(2 * IN_ONE_ROW);
  });

  test('more than the index has room for is refused with a code', async () => {
    await expect(
      store.writeFleetShard('a', new Uint8Array(LARGEST_FLEET_SHARD_BYTES + 1), undefined),
    ).rejects.toMatchObject({
      code: 'NAC_POLL_INDEX_FULL',
    });
    expect(await rowKeys()).toEqual([]);
  });
});
