// Stores that count what they are asked to write and keep next to nothing, for measuring our own part alone.

import { deviceKeyText } from '../../shared/domain/device/device.ts';
import type { DeviceStore } from '../../shared/ports/device-store.ts';
import type { IdentityStore } from '../../shared/ports/identity-store.ts';
import type { SweepState, SweepStore } from '../../shared/ports/sweep-store.ts';
import type { TaskStore } from '../../shared/ports/task-store.ts';

export interface Counts {
  devices: number;
  marked: number;
  pointers: number;
  read: number;
}

export interface CountingStores {
  readonly counts: Counts;
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly sweeps: SweepStore;
  readonly tasks: TaskStore;
}

export function countingStores(): CountingStores {
  const counts: Counts = { devices: 0, marked: 0, pointers: 0, read: 0 };
  const nothing = async (): Promise<void> => undefined;
  const none = async function* (): AsyncGenerator<never> {};
  const shards = new Map<string, Uint8Array>();
  const tasks = new Map<string, unknown>();
  let state: SweepState = { runNumber: 0 };
  let writes = 0;
  return {
    counts,
    devices: {
      isEmpty: async () => counts.devices === 0,
      read: async () => undefined,
      async readMany(keys) {
        counts.read += keys.length;
        return new Map();
      },
      async write(given) {
        counts.devices += given.length;
        return { written: given.map((of) => ({ of, etag: deviceKeyText(of.record.device) })), overtaken: [] };
      },
      async markIndexed(devices) {
        counts.marked += devices.length;
      },
      remove: async (keys) => ({ removed: keys.length, overtaken: [] }),
      listGone: async () => [],
      listKeys: none,
      listRecords: async () => ({ records: [], more: false }),
      pendingChanges: none,
      removeChanges: nothing,
      marks: none,
      openRows: none,
      listMarks: async () => ({ marks: [] }),
      addMarks: nothing,
      removeMarks: nothing,
      noteReauthentication: nothing,
    },
    identities: {
      readOwners: async () => ({ devices: [], more: false }),
      readOwnersOf: async () => ({ devices: [], more: false }),
      async addOwners(entries) {
        counts.pointers += entries.length;
      },
      removeOwners: nothing,
    },
    sweeps: {
      read: async () => ({ state, etag: String(writes) }),
      async write(given) {
        state = given;
        writes += 1;
        return String(writes);
      },
      recordRun: nothing,
      removeRunsBefore: async () => 0,
      listRuns: async () => [],
      readFleetShard: async (shard) => ({ packed: shards.get(shard) ?? new Uint8Array(), etag: shard }),
      async writeFleetShard(shard, packed) {
        shards.set(shard, packed);
        return shard;
      },
    },
    tasks: {
      read: async <State>(task: string) => ({ state: tasks.get(task) as State, etag: task }),
      async write(task, given) {
        tasks.set(task, given);
        return task;
      },
    },
  };
}
