// A shard of the fleet index that takes several rows, against a real Table service: what it lets into one row, it
// decides.

import { expect, test } from 'vitest';
import { startTableStorage } from '../../../local/table-storage.ts';
import { TableSweepStore } from '../../../shared/adapters/table-storage/table-sweep-store.ts';
import { openTables } from '../../../shared/adapters/table-storage/tables.ts';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';

/** A fleet of some 2,500,000 devices: a sixteenth of them, at sixteen bytes each. */
const SHARD_BYTES = 2_500_000;

test('is read as it was written, also from a view of a larger memory', async () => {
  await using stack = new AsyncDisposableStack();
  const storage = await startTableStorage();
  stack.defer(() => storage.close());
  const connection = { kind: 'connection-string', connectionString: storage.connectionString } as const;
  await (await openClientRegistry(connection)).prepareStore();
  const store = new TableSweepStore((await openTables(connection, 'background')).polling);
  const memory = Uint8Array.from({ length: 2 * SHARD_BYTES }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24);
  const packed = memory.subarray(1_000, 1_000 + SHARD_BYTES);
  await store.writeFleetShard('0', packed, undefined);
  expect(Buffer.from((await store.readFleetShard('0')).packed).equals(packed)).toBe(true);
});
