// The fleet index: what it recognises, what it writes, and when a device counts as absent.

import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Device, deviceHash } from '../../../../shared/domain/device/device.ts';
import { FleetIndex } from '../../../../shared/polling/sweep/fleet-index.ts';
import { PackedEntries } from '../../../../shared/polling/sweep/packed-entries.ts';
import type { SweepStore } from '../../../../shared/ports/sweep-store.ts';
import { aDevice, aDeviceOfFleet } from '../../../support/a-device.ts';

const SHARDS = [...'0123456789abcdef'];

interface MemoryStore extends SweepStore {
  readonly shards: Map<string, Uint8Array>;
  writes: number;
}

function memoryStore(): MemoryStore {
  const notUsed = () => Promise.reject(new Error('the fleet index does not use this'));
  const store: MemoryStore = {
    shards: new Map(),
    writes: 0,
    read: notUsed,
    write: notUsed,
    recordRun: notUsed,
    removeRunsBefore: notUsed,
    listRuns: notUsed,
    readFleetShard: async (shard) => ({ packed: store.shards.get(shard) ?? new Uint8Array() }),
    writeFleetShard: async (shard, packed) => {
      store.writes += 1;
      store.shards.set(shard, Uint8Array.from(packed));
      return String(store.writes);
    },
  };
  return store;
}

const RUNS_UNTIL_GONE = 2;
const HEADER_BYTES = 4;

/** Any forty bits will do that differ when the content does. */
function fingerprintOf(device: Device): number {
  return Number.parseInt(hash('sha256', JSON.stringify(device)).slice(0, 10), 16);
}

function record(index: FleetIndex, device: Device): void {
  index.record(device, fingerprintOf(device));
}

/** The run meets the device; whether it is as the index knows it. */
function meets(index: FleetIndex, device: Device): boolean {
  return index.meet(device, fingerprintOf(device));
}

/** One complete run that lists `listed`; returns the hashes of the devices it finds gone. */
async function completeRun(store: SweepStore, runNumber: number, listed: readonly Device[]): Promise<string[]> {
  const index = await FleetIndex.load(store, runNumber);
  for (const device of listed) {
    if (!meets(index, device)) record(index, device);
  }
  const gone = hashesOf(index);
  await index.save(store, false);
  return gone;
}

/** Counts misses. @returns the hashes of all devices of these tests that two lists or more have missed */
function hashesOf(index: FleetIndex): string[] {
  const missing = index.countMisses();
  const known = [...FLEET, UNMET].map((device) => ({ device, times: index.timesMissed(device) }));
  expect(known.filter(({ times }) => times > 0)).toHaveLength(missing);
  return known.flatMap(({ device, times }) => (times >= RUNS_UNTIL_GONE ? [deviceHash(device)] : []));
}

const FLEET = Array.from({ length: 50 }, (_, number) => aDeviceOfFleet(number));
const LOST = aDeviceOfFleet(7);
const UNMET = aDeviceOfFleet(99_999);
const OTHERS = FLEET.filter(({ id }) => id !== LOST.id);

describe('a fleet that does not change', () => {
  test('is recognised device by device, and costs no write at all', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    const writesOfFirstRun = store.writes;

    const index = await FleetIndex.load(store, 2);
    for (const device of FLEET) expect(meets(index, device)).toBe(true);
    for (const run of [2, 3, 4]) expect(await completeRun(store, run, FLEET)).toEqual([]);
    expect(store.writes).toBe(writesOfFirstRun);
  });

  test('costs one write for one device that changed', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    const before = store.writes;
    await completeRun(store, 2, [...OTHERS, { ...LOST, complianceState: 'noncompliant' }]);
    expect(store.writes).toBe(before + 1);
  });
});

test('an unrecorded device, and one whose content differs, may have changed', async () => {
  const store = memoryStore();
  const index = await FleetIndex.load(store, 1);
  expect(meets(index, aDevice())).toBe(false);
  record(index, aDevice());
  expect(meets(index, aDevice())).toBe(true);
  expect(meets(index, aDevice({ complianceState: 'noncompliant' }))).toBe(false);
});

describe('a device that the list leaves out', () => {
  test('is gone after two complete runs in a row, not after one', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    expect(await completeRun(store, 2, OTHERS)).toEqual([]);
    expect(await completeRun(store, 3, OTHERS)).toEqual([deviceHash(LOST)]);
  });

  test('is not gone when it was listed in between', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    expect(await completeRun(store, 2, OTHERS)).toEqual([]);
    expect(await completeRun(store, 3, FLEET)).toEqual([]);
    expect(await completeRun(store, 4, OTHERS)).toEqual([]);
    expect(await completeRun(store, 5, OTHERS)).toEqual([deviceHash(LOST)]);
  });

  test('is not gone when it was listed while the index was being saved', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    await completeRun(store, 2, OTHERS);
    const index = await FleetIndex.load(store, 3);
    index.doubt(LOST);
    const saving = index.save(store, true);
    for (const device of FLEET) index.markSeen(device);
    await saving;
    await index.save(store, true);

    expect(hashesOf(await FleetIndex.load(store, 3)), 'as the next slice of the run finds it').toEqual([]);
    expect(await completeRun(store, 4, OTHERS), 'the first run in a row without it').toEqual([]);
  });

  test('counts once for a run that a crash makes count again', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    const seenBefore = async (): Promise<FleetIndex> => {
      const index = await FleetIndex.load(store, 2);
      for (const device of OTHERS) index.markSeen(device);
      return index;
    };
    const crashed = await seenBefore();
    expect(hashesOf(crashed)).toEqual([]);
    expect(hashesOf(crashed)).toEqual([]);
    await crashed.save(store, true);
    expect(hashesOf(await seenBefore())).toEqual([]);
  });

  test('is reported again until it is forgotten, so that a crash loses no departure', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    await completeRun(store, 2, OTHERS);
    expect(await completeRun(store, 3, OTHERS)).toEqual([deviceHash(LOST)]);
    expect(await completeRun(store, 4, OTHERS)).toEqual([deviceHash(LOST)]);

    const index = await FleetIndex.load(store, 5);
    index.forget(LOST);
    for (const device of OTHERS) index.markSeen(device);
    expect(hashesOf(index)).toEqual([]);
    await index.save(store, false);
    expect(await completeRun(store, 6, OTHERS)).toEqual([]);
  });

  test('is looked at again when it comes back after it was forgotten', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    const index = await FleetIndex.load(store, 2);
    index.forget(LOST);
    await index.save(store, false);
    expect(meets(await FleetIndex.load(store, 3), LOST)).toBe(false);
  });
});

describe('a run that goes on in another instance', () => {
  test('still knows which devices it has seen', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    await completeRun(store, 2, []);

    const first = await FleetIndex.load(store, 3);
    for (const device of FLEET.slice(0, 25)) first.markSeen(device);
    await first.save(store, true);

    const second = await FleetIndex.load(store, 3);
    for (const device of FLEET.slice(25)) second.markSeen(device);
    expect(hashesOf(second)).toEqual([]);
  });

  test('still knows them when no device was missing before', async () => {
    const store = memoryStore();
    await completeRun(store, 1, FLEET);
    const first = await FleetIndex.load(store, 2);
    for (const device of FLEET) first.markSeen(device);
    await first.save(store, true);

    expect(hashesOf(await FleetIndex.load(store, 2))).toEqual([]);
    await completeRun(store, 2, []);
    expect(await completeRun(store, 3, [])).toEqual([]);
  });
});

test('a device of which only a record is known is missed like any other', async () => {
  const store = memoryStore();
  await completeRun(store, 1, FLEET);
  const index = await FleetIndex.load(store, 2);
  expect(index.hasLost).toBe(false);
  const known = FLEET[0] as Device;
  expect([index.expect(known), index.expect(UNMET), index.expect(UNMET)]).toEqual([false, true, false]);
  expect(meets(index, UNMET), 'it has no fingerprint').toBe(false);
  await index.save(store, true);
  const later = await FleetIndex.load(store, 3);
  later.expect(UNMET);
  for (const device of FLEET) later.markSeen(device);
  expect(hashesOf(later)).toEqual([]);
  await later.save(store, false);
  expect(await completeRun(store, 4, FLEET)).toEqual([deviceHash(UNMET)]);
});

test('what is missing without a record is forgotten, and nothing else', async () => {
  const store = memoryStore();
  await completeRun(store, 1, FLEET);
  const index = await FleetIndex.load(store, 2);
  for (const device of FLEET.slice(0, 20)) index.markSeen(device);
  index.countMisses();
  const shardOf = (device: Device): string => deviceHash(device).charAt(0);
  const withRecord = FLEET.slice(20, 35);
  let forgotten = 0;
  for (const shard of SHARDS) {
    const known = new PackedEntries();
    for (const device of withRecord) if (shardOf(device) === shard) known.add(deviceHash(device));
    forgotten += index.forgetMissingBut(shard, known);
  }
  expect(forgotten).toBe(15);
  await index.save(store, false);
  const later = await FleetIndex.load(store, 3);
  expect(FLEET.filter((device) => later.knows(device))).toEqual(FLEET.slice(0, 35));
});

test('the mark of a device that is not in the index makes no entry', async () => {
  const index = await FleetIndex.load(memoryStore(), 1);
  index.markSeen(LOST);
  expect(meets(index, LOST)).toBe(false);
  expect(hashesOf(index)).toEqual([]);
});

test('bytes that are no index are read as an empty one, which the run fills again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (garbage) => {
      const store = memoryStore();
      for (const shard of SHARDS) store.shards.set(shard, garbage);
      expect(await completeRun(store, 1, FLEET.slice(0, 3))).toEqual([]);
      const index = await FleetIndex.load(store, 2);
      for (const device of FLEET.slice(0, 3)) expect(meets(index, device)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('an index that was cut off keeps its whole entries and nothing made up', async () => {
  const store = memoryStore();
  await completeRun(store, 1, FLEET);
  const withEntries = [...store.shards.values()].filter(({ length }) => length > HEADER_BYTES).length;
  for (const [shard, packed] of store.shards) store.shards.set(shard, packed.subarray(0, packed.length - 1));
  const index = await FleetIndex.load(store, 2);
  const known = FLEET.filter((device) => meets(index, device));
  expect(known).toHaveLength(FLEET.length - withEntries);
  expect(index.hasLost).toBe(true);
});

test('every twelfth run trusts no fingerprint, so that whatever came between index and rows heals', async () => {
  const store = memoryStore();
  await completeRun(store, 11, FLEET);
  const index = await FleetIndex.load(store, 12);
  expect(FLEET.some((device) => meets(index, device))).toBe(false);
});

test('any fleet comes back from the store as it went in, sixteen bytes a device', async () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      numbers,
      fc.integer({ min: 1, max: 10_000_000 }).filter((run) => (run + 1) % 12 !== 0),
      async (fleet, runNumber) => {
        const store = memoryStore();
        const devices = fleet.map(aDeviceOfFleet);
        await completeRun(store, runNumber, devices);
        const index = await FleetIndex.load(store, runNumber + 1);
        for (const device of devices) expect(meets(index, device)).toBe(true);
        for (const device of devices) index.markSeen(device);
        expect(hashesOf(index)).toEqual([]);
        const bytes = [...store.shards.values()].reduce((sum, { length }) => sum + length, 0);
        expect(bytes).toBeLessThanOrEqual(16 * (devices.length + store.shards.size));
      },
    ),
    { numRuns: 50 },
  );
});
