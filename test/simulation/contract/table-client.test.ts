// One contract, two backends: the client in memory behaves as the SDK's client of Azurite does, as far as adapters rely
// on it.

import { randomUUID } from 'node:crypto';
import { AzureNamedKeyCredential, RestError, TableClient, type TransactionAction } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTableStorage } from '../../../local/table-storage.ts';
import { MemoryTable } from '../services/memory-table.ts';
import { memoryTableClient } from '../services/memory-table-client.ts';
import { INSTANT } from '../services/wire.ts';

interface Backend {
  readonly open: () => Promise<TableClient>;
  readonly close: () => Promise<void>;
}

const BACKENDS: Record<string, () => Promise<Backend>> = {
  async 'in memory'() {
    const open = async () => memoryTableClient('rows', new MemoryTable(Date.now), INSTANT);
    return { open, close: async () => undefined };
  },
  async Azurite() {
    const server = await startTableStorage();
    const parts = new Map(
      server.connectionString.split(';').map((part) => part.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    const credential = new AzureNamedKeyCredential(parts.get('AccountName') ?? '', parts.get('AccountKey') ?? '');
    return {
      async open() {
        const name = `t${randomUUID().replaceAll('-', '')}`;
        const options = { allowInsecureConnection: true };
        const client = new TableClient(parts.get('TableEndpoint') ?? '', name, credential, options);
        await client.createTable();
        return client;
      },
      close: () => server.close(),
    };
  },
};

describe.each(Object.keys(BACKENDS))('a table %s', (name) => {
  let backend: Backend;
  let table: TableClient;

  beforeAll(async () => {
    backend = await (BACKENDS[name] as () => Promise<Backend>)();
  });
  afterAll(() => backend.close());

  const fresh = async (): Promise<void> => {
    table = await backend.open();
  };

  test('keeps texts, numbers, truth values and bytes, and leaves out what has no value', async () => {
    await fresh();
    const row = { partitionKey: 'p', rowKey: 'r', text: 'ä"\n', count: 3, part: 0.5, yes: true };
    await table.createEntity({ ...row, bytes: Uint8Array.of(0, 255), nothing: undefined });
    const read = await table.getEntity<Record<string, unknown>>('p', 'r');
    expect(read).toMatchObject(row);
    expect([...(read['bytes'] as Uint8Array)]).toEqual([0, 255]);
    expect(read).not.toHaveProperty('nothing');
    expect(read.etag).toMatch(/^W\//);
  });

  test('says what is not there, what is there already, and what was written meanwhile', async () => {
    await fresh();
    const row = { partitionKey: 'p', rowKey: 'r', value: 1 };
    expect(await failure(table.getEntity('p', 'r'))).toEqual([404, 'ResourceNotFound']);
    expect(await failure(table.deleteEntity('p', 'r'))).toEqual([404, 'ResourceNotFound']);
    expect(await failure(table.updateEntity(row, 'Merge'))).toEqual([404, 'ResourceNotFound']);
    const { etag = '' } = await table.createEntity(row);
    expect(await failure(table.createEntity(row))).toEqual([409, 'EntityAlreadyExists']);
    const updated = await table.updateEntity({ ...row, value: 2 }, 'Replace', { etag });
    expect(updated.etag).not.toBe(etag);
    expect(await failure(table.updateEntity(row, 'Replace', { etag }))).toEqual([412, 'UpdateConditionNotSatisfied']);
    expect(await failure(table.deleteEntity('p', 'r', { etag }))).toEqual([412, 'UpdateConditionNotSatisfied']);
    await table.deleteEntity('p', 'r', { etag: updated.etag ?? '' });
    expect(await failure(table.getEntity('p', 'r'))).toEqual([404, 'ResourceNotFound']);
  });

  test('a merge keeps the columns that it does not name, a replacement does not', async () => {
    await fresh();
    const key = { partitionKey: 'p', rowKey: 'r' };
    await table.upsertEntity({ ...key, a: 'a' }, 'Merge');
    await table.upsertEntity({ ...key, b: 'b' }, 'Merge');
    expect(await table.getEntity('p', 'r')).toMatchObject({ a: 'a', b: 'b' });
    await table.updateEntity({ ...key, c: 'c' }, 'Merge');
    expect(await table.getEntity('p', 'r')).toMatchObject({ a: 'a', b: 'b', c: 'c' });
    await table.upsertEntity({ ...key, d: 'd' }, 'Replace');
    const row = await table.getEntity('p', 'r');
    expect(row).toMatchObject({ d: 'd' });
    expect(row).not.toHaveProperty('a');
  });

  test('a transaction happens as a whole or not at all, and gives an etag for each row', async () => {
    await fresh();
    await table.createEntity({ partitionKey: 'p', rowKey: 'there' });
    const half: TransactionAction[] = [
      ['create', { partitionKey: 'p', rowKey: 'new' }],
      ['create', { partitionKey: 'p', rowKey: 'there' }],
    ];
    expect(await failure(table.submitTransaction(half))).toEqual([409, 'EntityAlreadyExists']);
    expect(await failure(table.getEntity('p', 'new'))).toEqual([404, 'ResourceNotFound']);
    const whole: TransactionAction[] = [
      ['create', { partitionKey: 'p', rowKey: 'new' }],
      ['upsert', { partitionKey: 'p', rowKey: 'there', value: 1 }, 'Replace'],
      ['upsert', { partitionKey: 'p', rowKey: 'merged', value: 2 }, 'Merge'],
    ];
    const { subResponses } = await table.submitTransaction(whole);
    const stored = await Promise.all(['new', 'there', 'merged'].map((key) => table.getEntity('p', key)));
    expect(subResponses.map(({ etag }) => etag?.trim())).toEqual(stored.map(({ etag }) => etag));
    const wrongEtag: TransactionAction[] = [
      ['update', { partitionKey: 'p', rowKey: 'new', value: 9 }, 'Replace', { etag: stored[1]?.etag ?? '' }],
    ];
    expect(await failure(table.submitTransaction(wrongEtag))).toEqual([412, 'UpdateConditionNotSatisfied']);
    expect((await failure(table.submitTransaction([['delete', { partitionKey: 'p', rowKey: 'x' }]])))[0]).toBe(404);
  });

  test('a transaction has one partition, no row twice and a hundred operations at most', async () => {
    await fresh();
    const create = (rowKey: string, partitionKey = 'p'): TransactionAction => ['create', { partitionKey, rowKey }];
    await expect(table.submitTransaction([create('a'), create('b', 'q')])).rejects.toThrow(/same partitionKey/);
    expect((await failure(table.submitTransaction([create('a'), create('a')])))[0]).toBe(400);
    const keys = Array.from({ length: 101 }, (_, index) => `k${index}`);
    expect((await failure(table.submitTransaction(keys.map((key) => create(key)))))[0]).toBe(400);
    await table.submitTransaction(keys.slice(1).map((key) => create(key)));
    expect(await keysOf()).toHaveLength(100);
  });

  test('lists in the order of the keys, page by page, and goes on where a token says', async () => {
    await fresh();
    for (const [partitionKey, rowKey] of ['q1', 'p2', 'p10', 'p1', 'q0'].map((text) => [text.charAt(0), text])) {
      await table.createEntity({ partitionKey: partitionKey ?? '', rowKey: rowKey ?? '' });
    }
    expect(await keysOf()).toEqual(['p1', 'p10', 'p2', 'q0', 'q1']);
    const pages = await Array.fromAsync(table.listEntities().byPage({ maxPageSize: 2 }));
    expect(pages.map((page) => page.map(({ rowKey }) => rowKey))).toEqual([['p1', 'p10'], ['p2', 'q0'], ['q1']]);
    const [first, , last] = pages;
    expect(last?.continuationToken).toBeUndefined();
    const continuationToken = first?.continuationToken ?? '';
    const rest = await Array.fromAsync(table.listEntities().byPage({ maxPageSize: 2, continuationToken }));
    expect(rest.flat().map(({ rowKey }) => rowKey)).toEqual(['p2', 'q0', 'q1']);
  });

  test('a page holds a thousand rows at most', async () => {
    await fresh();
    for (let start = 0; start < 1100; start += 100) {
      const keys = Array.from({ length: 100 }, (_, index) => String(start + index).padStart(4, '0'));
      await table.submitTransaction(keys.map((rowKey) => ['create', { partitionKey: 'p', rowKey }]));
    }
    const pages = await Array.fromAsync(table.listEntities().byPage());
    expect(pages.map(({ length }) => length)).toEqual([1000, 100]);
  });

  test('finds what a filter says, and gives only the columns that are asked for', async () => {
    await fresh();
    const rows = [
      { partitionKey: 'p', rowKey: 'a|1', size: 1, yes: true, name: "o'neil" },
      { partitionKey: 'p', rowKey: 'a|2', size: 2, yes: false, name: '' },
      { partitionKey: 'p', rowKey: 'b|1', size: 3 },
      { partitionKey: 'q', rowKey: 'a|1', size: 4, yes: true },
    ];
    for (const row of rows) await table.createEntity(row);
    const found = (filter: string) => keysOf(filter);
    expect(await found("PartitionKey eq 'p' and RowKey ge 'a|' and RowKey lt 'a}'")).toEqual(['a|1', 'a|2']);
    expect(await found("PartitionKey gt 'p'")).toEqual(['a|1']);
    expect(await found("RowKey gt 'a|1' and RowKey le 'b|1'")).toEqual(['a|2', 'b|1']);
    expect(await found("name eq 'o''neil'")).toEqual(['a|1']);
    expect(await found("PartitionKey eq 'p' and (size eq 1 or size eq 3)")).toEqual(['a|1', 'b|1']);
    expect(await found("PartitionKey eq 'p' and yes eq true")).toEqual(['a|1']);
    expect(await found("PartitionKey eq 'p' and yes eq false and name eq ''")).toEqual(['a|2']);
    expect(await found("PartitionKey eq 'p' and missing eq 'x'")).toEqual([]);
    expect(await found("(PartitionKey eq 'p' and size ge 2) and (PartitionKey eq 'p' and RowKey gt 'a|2')")).toEqual([
      'b|1',
    ]);
    const queryOptions = { filter: "PartitionKey eq 'p' and size eq 1", select: ['RowKey', 'size'] };
    const [row] = await Array.fromAsync(table.listEntities<Record<string, unknown>>({ queryOptions }));
    expect(row).toMatchObject({ rowKey: 'a|1', size: 1 });
    expect(row).not.toHaveProperty('name');
    expect(row?.etag).toMatch(/^W\//);
  });

  test('refuses a key with a slash and a text that no column holds', async () => {
    await fresh();
    const large = await failure(table.createEntity({ partitionKey: 'p', rowKey: 'r', text: 'x'.repeat(40_000) }));
    expect(large).toEqual([400, 'PropertyValueTooLarge']);
    await table.createEntity({ partitionKey: 'p', rowKey: 'r', text: 'x'.repeat(32_000) });
    expect((await table.getEntity<{ text: string }>('p', 'r')).text).toHaveLength(32_000);
  });

  test('a call that was given up before it began changes nothing', async () => {
    await fresh();
    const abortSignal = AbortSignal.abort();
    await expect(table.createEntity({ partitionKey: 'p', rowKey: 'r' }, { abortSignal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(await keysOf()).toEqual([]);
  });

  async function keysOf(filter?: string): Promise<(string | undefined)[]> {
    const rows = table.listEntities(filter === undefined ? {} : { queryOptions: { filter } });
    return (await Array.fromAsync(rows)).map(({ rowKey }) => rowKey);
  }
});

/** Status and the service's code, wherever the SDK leaves it. */
async function failure(call: Promise<unknown>): Promise<(number | string | undefined)[]> {
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof RestError)) throw thrown;
    const details = thrown.details as { odataError?: { code?: string } } | undefined;
    return [thrown.statusCode, details?.odataError?.code ?? thrown.code];
  }
  throw new Error('nothing was refused');
}
