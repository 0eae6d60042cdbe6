// Where tasks stand, in Azurite through the unmodified SDK.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTableStorage } from '../../../local/table-storage.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { createTables, openTables } from '../../../shared/adapters/table-storage/tables.ts';

let storage: Awaited<ReturnType<typeof startTableStorage>>;
let tasks: TableTaskStore;

beforeAll(async () => {
  storage = await startTableStorage();
  const tables = await openTables(
    { kind: 'connection-string', connectionString: storage.connectionString },
    'background',
  );
  await createTables(tables);
  tasks = new TableTaskStore(tables.polling);
});
afterAll(() => storage.close());

describe('the state of a task', () => {
  test('is what was written last, each task for itself', async () => {
    expect(await tasks.read('first')).toEqual({});
    const etag = await tasks.write('first', { step: 1 }, undefined);
    await tasks.write('second', { step: 7 }, undefined);
    const later = await tasks.write('first', { step: 2 }, etag);
    expect(await tasks.read('first')).toEqual({ state: { step: 2 }, etag: later });
  });

  test('belongs to the last writer: an old etag, or none, has lost it', async () => {
    const etag = await tasks.write('fenced', { by: 'a' }, undefined);
    await expect(tasks.write('fenced', { by: 'b' }, undefined)).rejects.toMatchObject({ code: 'NAC_POLL_LEASE_LOST' });
    await tasks.write('fenced', { by: 'a again' }, etag);
    await expect(tasks.write('fenced', { by: 'b' }, etag)).rejects.toMatchObject({ code: 'NAC_POLL_LEASE_LOST' });
    expect((await tasks.read('fenced')).state).toEqual({ by: 'a again' });
  });

  test('is won by exactly one of many who write at once', async () => {
    const etag = await tasks.write('raced', { winner: -1 }, undefined);
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, winner) => tasks.write('raced', { winner }, etag)),
    );
    const won = attempts.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(won).toHaveLength(1);
    expect((await tasks.read('raced')).state).toEqual({ winner: won[0] });
  });

  test('may be long, with characters of any kind, and shrink again', async () => {
    const long = { text: 'ü😀"\\'.repeat(12_345) };
    const etag = await tasks.write('long', long, undefined);
    const read = (await tasks.read<typeof long>('long')).state;
    expect(read?.text.length).toBe(long.text.length);
    expect(read?.text === long.text).toBe(true);
    await tasks.write('long', { text: 'short' }, etag);
    expect((await tasks.read('long')).state).toEqual({ text: 'short' });
  });
});
