// The bare limit of the first load: the same transactions, as many and as large, of rows with as many columns, into
// tables of the same size, and nothing else. Keys come in no order, as ids and addresses do: rows that are added at the
// end of a table cost the emulator less.

import { hash } from 'node:crypto';
import type { TableClient, TransactionAction } from '@azure/data-tables';
import { openTables } from '../../shared/adapters/table-storage/tables.ts';
import { WRITE_CONCURRENCY } from '../../shared/adapters/table-storage/transactions.ts';
import { concurrently } from '../../shared/concurrently.ts';
import type { StorageRequest } from '../support/storage-proxy.ts';

/** A transaction's frame for each of its operations, which is no content of a row. */
const FRAME_BYTES = 400;
/** Operations smaller than this only mark rows that are there. */
const MARK_BYTES = 700;
const PARTITIONS = 16;
/** A column's name and punctuation. */
const COLUMN_BYTES = 14;

/** @returns seconds */
export async function writeAll(connectionString: string, transactions: readonly StorageRequest[]): Promise<number> {
  const tables = await openTables({ kind: 'connection-string', connectionString }, 'background');
  const bare = { devices: tables.outbox, identities: tables.jobs };
  let rows = 0;
  const written: { readonly partition: string; readonly first: number; readonly size: number }[] = [];
  const columns = { devices: await columnsOf(tables.devices), identities: await columnsOf(tables.identities) };
  const startedAt = performance.now();
  await concurrently(transactions, WRITE_CONCURRENCY, async ({ table, writes, bytes = 0 }) => {
    const each = bytes / writes;
    const marks = table === 'devices' && each < MARK_BYTES;
    const known = marks ? written.shift() : undefined;
    const place = known ?? { partition: `p${Math.floor(rows / 100) % PARTITIONS}`, first: rows, size: writes };
    if (known === undefined) rows += writes;
    if (table === 'devices' && !marks) written.push(place);
    const width = columns[table === 'devices' ? 'devices' : 'identities'];
    const text = 'x'.repeat(Math.max(1, Math.round((each - FRAME_BYTES) / width) - COLUMN_BYTES));
    const content = Object.fromEntries(Array.from({ length: width }, (_, index) => [`column${index}`, text]));
    const actions = Array.from({ length: Math.min(writes, place.size) }, (_, index): TransactionAction => {
      const row = { partitionKey: place.partition, rowKey: hash('sha256', String(place.first + index)).slice(0, 36) };
      return known ? ['upsert', { ...row, indexed: true }, 'Merge'] : ['create', { ...row, ...content }];
    });
    await (table === 'devices' ? bare.devices : bare.identities).submitTransaction(actions);
  });
  return (performance.now() - startedAt) / 1000;
}

/** How many columns of its own a row of the product's has. */
async function columnsOf(table: TableClient): Promise<number> {
  for await (const { etag, partitionKey, rowKey, timestamp, ...columns } of table.listEntities()) {
    return Object.keys(columns).length;
  }
  return 1;
}
