// Tries what the product does with its tables: read each of them, and write.

import type { Random } from '../../ports/random.ts';
import { partitionFilter } from './row-keys.ts';
import { storeCall } from './store-errors.ts';
import { TABLE_NAMES, type Tables } from './tables.ts';

/** Of its own: nothing else lists it, and two doctors do not meet. */
const PARTITION = 'doctor';

/** @throws StoreError naming the table that cannot be read or written */
export async function probeStorage(
  tables: Tables,
  random: Random,
): Promise<{ readonly tables: number; readonly milliseconds: number }> {
  const startedAt = performance.now();
  for (const name of TABLE_NAMES) {
    const options = { queryOptions: { filter: partitionFilter(PARTITION), select: ['PartitionKey'] } };
    await storeCall(`reading the table ${name}`, tables[name].listEntities(options).byPage({ maxPageSize: 1 }).next());
  }
  const row = { partitionKey: PARTITION, rowKey: random.hex(8) };
  await storeCall('writing the table polling', tables.polling.createEntity(row));
  await storeCall('deleting from the table polling', tables.polling.deleteEntity(row.partitionKey, row.rowKey));
  return { tables: TABLE_NAMES.length, milliseconds: Math.round(performance.now() - startedAt) };
}
