// What is kept of one source is of no other: two of them over the same tables, in memory.

import { expect, test } from 'vitest';
import { sourceState } from '../../../../shared/adapters/table-storage/source-state.ts';
import { SHARDS } from '../../../../shared/domain/device/device.ts';
import type { DeviceWrite } from '../../../../shared/ports/device-store.ts';
import type { SourceState } from '../../../../shared/ports/source-state.ts';
import { MemoryStorage } from '../../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../../simulation/services/wire.ts';

const NOW = '2026-11-30T08:00:00.000Z';
/** Names of which one begins like another. */
const SOURCES = ['intune', 'intune-emea', 'meraki'];
const DEVICES = 40;

function statesOf(): ReadonlyMap<string, SourceState> {
  const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
  return new Map(SOURCES.map((source) => [source, sourceState(tables, source)]));
}

/** The same ids in each source, every record with a change and a mark. */
function writesOf(source: string): DeviceWrite[] {
  return Array.from({ length: DEVICES }, (_, number): DeviceWrite => {
    const device = { source, id: `device-${number}`, complianceState: 'compliant' } as const;
    const record = { device, presence: 'present', version: 1, observedAt: NOW, indexed: true } as const;
    const change = { source, id: device.id, version: 1 } as unknown as NonNullable<DeviceWrite['change']>;
    return { record, retiredIdentities: [], change, mark: 'doubt' };
  });
}

async function everywhere<T>(read: (shard: string) => Promise<readonly T[]>): Promise<T[]> {
  return (await Promise.all(SHARDS.map(read))).flat();
}

test('lists of devices, changes and marks hold those of their own source alone', async () => {
  const states = statesOf();
  for (const [source, { devices }] of states) {
    expect(await devices.isEmpty(), `before ${source} was written`).toBe(true);
    await devices.write(writesOf(source));
    expect(await devices.isEmpty()).toBe(false);
  }
  for (const [source, { devices }] of states) {
    const open = (await Array.fromAsync(devices.openRows())).map((row) => ('mark' in row ? row.mark : row.change));
    const lists = {
      keys: await everywhere((shard) => Array.fromAsync(devices.listKeys(shard))),
      records: await everywhere(async (shard) =>
        (await devices.listRecords(shard, undefined)).records.map(({ device }) => device),
      ),
      marksOfShards: await everywhere(async (shard) => (await devices.listMarks(shard, undefined)).marks),
      marks: await Array.fromAsync(devices.marks()),
      changes: await Array.fromAsync(devices.pendingChanges()),
    };
    for (const [what, list] of Object.entries(lists)) {
      expect(new Set(list.map((key) => key.source)), `${what} of ${source}`).toEqual(new Set([source]));
      expect(list, `${what} of ${source}`).toHaveLength(DEVICES);
    }
    expect(new Set(open.map((key) => key.source))).toEqual(new Set([source]));
    expect(open).toHaveLength(2 * DEVICES);
  }
});

test('sweeps, runs, indexes and tasks are kept apart', async () => {
  const states = statesOf();
  for (const [source, { sweeps, tasks }] of states) {
    await sweeps.write({ runNumber: source.length }, undefined);
    await sweeps.writeFleetShard('0', Buffer.from(source), undefined);
    await tasks.write('mass-change', { source }, undefined);
  }
  for (const [source, { sweeps, tasks }] of states) {
    expect((await sweeps.read()).state).toEqual({ runNumber: source.length });
    expect(Buffer.from((await sweeps.readFleetShard('0')).packed).toString()).toBe(source);
    expect((await tasks.read('mass-change')).state).toEqual({ source });
    expect(await sweeps.listRuns(10)).toEqual([]);
  }
});
