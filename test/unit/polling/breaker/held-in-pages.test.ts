// What is held, marked or pending is read page by page, however much there is, and work on it goes on where it stopped.

import { describe, expect, test } from 'vitest';
import { mergedPages } from '../../../../shared/adapters/table-storage/merged-pages.ts';
import { markRow } from '../../../../shared/adapters/table-storage/row-keys.ts';
import { TableDeviceStore } from '../../../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../../../shared/adapters/table-storage/table-identity-store.ts';
import { inChunks } from '../../../../shared/in-chunks.ts';
import { countHeld, heldKeys } from '../../../../shared/polling/breaker/held-devices.ts';
import { dropWithdrawnHolds } from '../../../../shared/polling/without-sweep/drop-withdrawn-holds.ts';
import { MemoryStorage } from '../../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../../simulation/services/wire.ts';

const NOW = '2026-11-30T08:00:00.000Z';
const HELD = 2_500;

/** Marks without records: as of devices that are removed meanwhile. */
async function held() {
  const storage = new MemoryStorage(() => Date.parse(NOW));
  const tables = storage.open(INSTANT);
  for (let number = 0; number < HELD; number++) {
    const what = number % 5 === 0 ? 'absence|run-b' : `flip|run-a|${number % 2 === 0 ? 'better' : 'worse'}`;
    await tables.devices.createEntity({ ...markRow({ source: 'intune', id: `device-${number}` }), held: what });
  }
  return { devices: new TableDeviceStore(tables.devices), identities: new TableIdentityStore(tables.identities) };
}

describe('held observations', () => {
  test('are counted by run, and by the way they turn', async () => {
    const { devices } = await held();
    const count = await countHeld(devices);
    expect(count).toMatchObject({ flips: 2_000, absences: 500, turns: { better: 1_000, worse: 1_000 } });
    expect([...count.byRun].map(([runId, { flips, absences }]) => [runId, flips + absences]).sort()).toEqual([
      ['run-a', 2_000],
      ['run-b', 500],
    ]);
    const ofOne = await Array.fromAsync(heldKeys(devices, (runId) => runId === 'run-b'));
    expect(ofOne).toHaveLength(500);
  });

  test('are looked through a few hundred at a time, each once', async () => {
    const stores = await held();
    const seen: string[] = [];
    const devices = new Proxy(stores.devices, {
      get(store, name) {
        const member = Reflect.get(store, name, store);
        if (name !== 'readMany') return typeof member === 'function' ? member.bind(store) : member;
        return (keys: readonly { readonly id: string }[]) => {
          seen.push(...keys.map(({ id }) => id));
          return store.readMany(keys as never);
        };
      },
    });
    let calls = 0;
    for (let after: string | undefined; ; calls++) {
      after = await dropWithdrawnHolds({ ...stores, devices }, 'intune', NOW, after);
      if (after === undefined) break;
    }
    expect(calls).toBeGreaterThan(4);
    // Each is read to be looked at, and once more to be saved.
    expect(new Set(seen).size).toBe(2_000);
    expect(seen).toHaveLength(4_000);
  });
});

describe('pages of several queries', () => {
  const query = (pages: number, begun: number[]) =>
    (async function* () {
      for (let page = 0; page < pages; page++) {
        begun.push(page);
        yield [`${pages}-${page}`];
      }
    })();

  test('come whole, each query in its order', async () => {
    const rows = await Array.fromAsync(mergedPages([query(3, []), query(0, []), query(5, [])]));
    expect(rows.filter((row) => row.startsWith('3'))).toEqual(['3-0', '3-1', '3-2']);
    expect(rows).toHaveLength(8);
  });

  test('are asked for no more than one ahead, and no more at all once no one wants them', async () => {
    const begun: number[] = [];
    for await (const _ of mergedPages([query(100, begun)])) break;
    expect(begun.length).toBeLessThanOrEqual(2);
  });

  test('fail where one of them fails', async () => {
    const failing = (async function* (): AsyncGenerator<readonly string[]> {
      yield ['a'];
      throw new Error('away');
    })();
    await expect(Array.fromAsync(mergedPages([failing, query(2, [])]))).rejects.toThrow('away');
  });
});

test('work in chunks ends where the time is over, never before the first', async () => {
  const items = [1, 2, 3, 4, 5];
  expect(await Array.fromAsync(inChunks(items, 2))).toEqual([[1, 2], [3, 4], [5]]);
  expect(await Array.fromAsync(inChunks(items, 2, () => false))).toEqual([[1, 2], 'no-time']);
  expect(await Array.fromAsync(inChunks([1, 2], 2, () => false))).toEqual([[1, 2]]);
  expect(await Array.fromAsync(inChunks([], 2, () => false))).toEqual([]);
});
