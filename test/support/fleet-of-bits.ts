// A fleet in two bytes a device, with what a sweep asks of its stores: as many devices as memory has room for, and each
// call takes the time, on a clock that moves by nothing else, that the Table service would.

import { type Device, type DeviceKey, deviceHash, deviceKeyText, SHARDS } from '../../shared/domain/device/device.ts';
import type { DeviceMark, DeviceStore, StoredDevice } from '../../shared/ports/device-store.ts';
import type { SweepState, SweepStore } from '../../shared/ports/sweep-store.ts';
import type { TaskStore } from '../../shared/ports/task-store.ts';

/** What is held beside a record. */
export const HELD = { nothing: 0, absence: 1, flip: 2 } as const;

/** Milliseconds: of a page of a thousand rows, a point read, a transaction, and a write of a row. */
const PAGE_MS = 200;
const READ_MS = 5;
const TRANSACTION_MS = 30;
const ROW_MS = 10;
const PAGE = 1_000;
const READS_AT_ONCE = 16;
/** Fifty units of two rows, eight transactions at once. */
const WRITES_AT_ONCE = 400;

export interface FleetOfBits {
  readonly devices: DeviceStore;
  readonly sweeps: SweepStore;
  readonly tasks: TaskStore;
  readonly calls: { read: number; written: number; listed: number; marksRemoved: number };
  /** Virtual milliseconds since the start. */
  readonly clock: { at: number };
  keyOf(number: number): DeviceKey;
  /** As its record and the list have it. */
  deviceOf(number: number): Device;
  /** By number of the device: one of {@link HELD}. */
  readonly held: Uint8Array;
  /** By number of the device: 1 where a mark says that its record is to be looked at. */
  readonly doubted: Uint8Array;
  readonly gone: Uint8Array;
}

/** @param slowness how many times as long as usual each call takes */
export function fleetOfBits(count: number, slowness = 1): FleetOfBits {
  const keyOf = (number: number): DeviceKey => ({
    source: 'intune',
    id: `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`,
  });
  const deviceOf = (number: number): Device => ({
    ...keyOf(number),
    complianceState: 'compliant',
    name: `NAC-${number}`,
  });
  const numberOf = ({ id }: DeviceKey): number => Number.parseInt(id.slice(-12), 16);
  const shards = new Map(SHARDS.map((shard) => [shard, [] as number[]]));
  for (let number = 0; number < count; number++) shards.get(deviceHash(keyOf(number)).charAt(0))?.push(number);
  const held = new Uint8Array(count);
  const doubted = new Uint8Array(count);
  const gone = new Uint8Array(count);
  const clock = { at: 0 };
  const calls = { read: 0, written: 0, listed: 0, marksRemoved: 0 };
  const tasks = new Map<string, unknown>();
  const index = new Map<string, Uint8Array>();
  let state: SweepState = { runNumber: 0 };
  let writes = 0;

  const takes = (milliseconds: number): void => {
    clock.at += slowness * milliseconds;
  };
  const nothing = async (): Promise<void> => undefined;
  const none = async function* (): AsyncGenerator<never> {};
  function stored(number: number): StoredDevice {
    const what = held[number];
    return {
      device: deviceOf(number),
      presence: gone[number] ? 'gone' : 'present',
      version: 1,
      observedAt: '2026-11-29T00:00:00.000Z',
      indexed: true,
      retiredIdentities: [],
      etag: 'W/"1"',
      ...(what === HELD.absence && { held: { runId: 'run-a', observedAt: '2026-11-29T00:00:00.000Z' } }),
    };
  }
  function markOf(number: number): DeviceMark | undefined {
    if (held[number] === HELD.absence)
      return { ...keyOf(number), etag: '1', held: { what: 'absence', runId: 'run-a' } };
    if (held[number] === HELD.flip)
      return { ...keyOf(number), etag: '1', held: { what: 'flip', runId: 'run-a', to: 'worse' } };
    return doubted[number] ? { ...keyOf(number), etag: '1' } : undefined;
  }
  async function* marks(): AsyncGenerator<DeviceMark> {
    let listed = 0;
    for (let number = 0; number < count; number++) {
      const mark = markOf(number);
      if (mark === undefined) continue;
      // The shards are asked side by side.
      if (listed++ % (PAGE * SHARDS.length) === 0) takes(PAGE_MS);
      yield mark;
    }
  }
  const devices: DeviceStore = {
    isEmpty: async () => false,
    read: async (key) => stored(numberOf(key)),
    async readMany(keys) {
      calls.read += keys.length;
      takes((keys.length / READS_AT_ONCE) * READ_MS);
      return new Map(keys.map((key) => [deviceKeyText(key), stored(numberOf(key))]));
    },
    async write(given) {
      calls.written += given.length;
      takes(Math.ceil(given.length / WRITES_AT_ONCE) * TRANSACTION_MS);
      for (const { record, mark } of given) {
        const number = numberOf(record.device);
        gone[number] = record.presence === 'gone' ? 1 : 0;
        if (record.held === undefined) held[number] = HELD.nothing;
        else held[number] = record.held.device === undefined ? HELD.absence : HELD.flip;
        if (mark === 'doubt') doubted[number] = 1;
      }
      return { written: given.map((of) => ({ of, etag: 'W/"1"' })), overtaken: [] };
    },
    markIndexed: nothing,
    remove: async (keys) => ({ removed: keys.length, overtaken: [] }),
    listGone: async () => [],
    async *listKeys(shard) {
      for (const [at, number] of (shards.get(shard) ?? []).entries()) {
        if (at % PAGE === 0) takes(PAGE_MS);
        calls.listed += 1;
        yield { ...keyOf(number), presence: gone[number] ? 'gone' : 'present' };
      }
    },
    listRecords: async () => ({ records: [], more: false }),
    pendingChanges: none,
    removeChanges: nothing,
    marks,
    async *openRows() {
      for await (const mark of marks()) yield { mark };
    },
    listMarks: async () => ({ marks: [] }),
    addMarks: nothing,
    async removeMarks(given) {
      calls.marksRemoved += given.length;
      takes((given.length / READS_AT_ONCE) * READ_MS);
      for (const mark of given) doubted[numberOf(mark)] = 0;
    },
    noteReauthentication: nothing,
  };
  return {
    devices,
    sweeps: {
      read: async () => ({ state, etag: String(writes) }),
      async write(given) {
        takes(ROW_MS);
        state = given;
        writes += 1;
        return String(writes);
      },
      recordRun: nothing,
      removeRunsBefore: async () => 0,
      listRuns: async () => [],
      readFleetShard: async (shard) => ({ packed: index.get(shard) ?? new Uint8Array(), etag: shard }),
      async writeFleetShard(shard, packed) {
        takes(ROW_MS * Math.ceil(packed.length / 720_896));
        index.set(shard, packed);
        return shard;
      },
    },
    tasks: {
      read: async <State>(task: string) => ({ state: tasks.get(task) as State, etag: task }),
      async write(task, given) {
        takes(ROW_MS);
        tasks.set(task, given);
        return task;
      },
    },
    calls,
    clock,
    keyOf,
    deviceOf,
    held,
    doubted,
    gone,
  };
}
