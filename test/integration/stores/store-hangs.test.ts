// A path to Table Storage that swallows everything without a word: each call ends by itself, with a code.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectionString } from '../../../local/table-storage.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { openTables } from '../../../shared/adapters/table-storage/tables.ts';

const LIMITS = { tryMs: 50, callMs: 400 };

async function silentStore(stack: AsyncDisposableStack) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return { connection: connectionString((server.address() as AddressInfo).port), tries: () => sockets.size };
}

test.each(['background', 'lookup'] as const)('a %s call ends with NAC_STORE_TIMEOUT', async (patience) => {
  await using stack = new AsyncDisposableStack();
  const { connection } = await silentStore(stack);
  const tables = await openTables({ kind: 'connection-string', connectionString: connection }, patience, LIMITS);
  const jobs = new TableJobStore(tables);
  const calls = [
    () => new TableTaskStore(tables.polling).read('x'),
    () => new TableTaskStore(tables.polling).write('x', {}, undefined),
    () => jobs.read('hq', 'id'),
    () => jobs.listOpen('hq', { limit: 10 }),
    () => tables.polling.submitTransaction([['upsert', { partitionKey: 'p', rowKey: 'r' }]]),
  ];
  for (const call of calls.slice(0, 4)) await expect(call()).rejects.toMatchObject({ code: 'NAC_STORE_TIMEOUT' });
  await expect(calls[4]?.()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('a try that gets no answer is followed by another one, on another connection', async () => {
  await using stack = new AsyncDisposableStack();
  const { connection, tries } = await silentStore(stack);
  const limits = { tryMs: 40, callMs: 5_000 };
  const tables = await openTables({ kind: 'connection-string', connectionString: connection }, 'lookup', limits);
  await expect(new TableTaskStore(tables.polling).read('x')).rejects.toMatchObject({ code: 'NAC_STORE_TIMEOUT' });
  expect(tries()).toBe(2);
});

test('a deadline of the caller ends the call before', async () => {
  await using stack = new AsyncDisposableStack();
  const { connection, tries } = await silentStore(stack);
  const limits = { tryMs: 60_000, callMs: 60_000 };
  const tables = await openTables({ kind: 'connection-string', connectionString: connection }, 'background', limits);
  const reading = tables.polling.getEntity('p', 'r', { abortSignal: AbortSignal.timeout(50) });
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  expect(tries()).toBe(1);
});
