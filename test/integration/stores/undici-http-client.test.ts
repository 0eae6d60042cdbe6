// How requests reach Table Storage: over undici, and with every failure as the SDK knows it, so that it tries again.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { TableClient } from '@azure/data-tables';
import { expect, test, vi } from 'vitest';
import { connectionString } from '../../../local/table-storage.ts';
import { isNotFound } from '../../../shared/adapters/table-storage/store-errors.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { openTables } from '../../../shared/adapters/table-storage/tables.ts';
import { undiciHttpClient } from '../../../shared/adapters/table-storage/undici-http-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, index: number) => void;

const JSON_TYPE = { 'content-type': 'application/json;odata=minimalmetadata' };
const ROW = JSON.stringify({ PartitionKey: 'p', RowKey: 'r', text: 'é' });

async function storeThat(stack: AsyncDisposableStack, answer: Answer) {
  let requests = 0;
  let connections = 0;
  const server = createServer((request, response) => answer(request, response, ++requests));
  server.on('connection', () => (connections += 1)).listen(0, '127.0.0.1');
  stack.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = { kind: 'connection-string', connectionString: connectionString(port) } as const;
  const { polling } = await openTables(connection, 'lookup');
  return { polling, port, requests: () => requests, connections: () => connections };
}

test('a connection that is cut before an answer is followed by another try', async () => {
  await using stack = new AsyncDisposableStack();
  const { polling, requests } = await storeThat(stack, (request, response, index) => {
    if (index === 1) request.socket.destroy();
    else response.writeHead(200, JSON_TYPE).end(ROW);
  });
  expect(await polling.getEntity('p', 'r')).toMatchObject({ text: 'é' });
  expect(requests()).toBe(2);
});

test('an answer of 503 is followed by another try', async () => {
  await using stack = new AsyncDisposableStack();
  const { polling, requests } = await storeThat(stack, (_, response, index) => {
    response.writeHead(index === 1 ? 503 : 200, JSON_TYPE).end(index === 1 ? '' : ROW);
  });
  await polling.getEntity('p', 'r');
  expect(requests()).toBe(2);
});

test('requests one after the other share connections', async () => {
  await using stack = new AsyncDisposableStack();
  const { polling, connections } = await storeThat(stack, (_, response) => response.writeHead(200, JSON_TYPE).end(ROW));
  for (let index = 0; index < 20; index++) await polling.getEntity('p', 'r');
  // The next request may begin before undici has put the connection of the last one back.
  expect(connections()).toBeLessThanOrEqual(2);
});

test('a connection that the service closed while it was idle is not used', async () => {
  await using stack = new AsyncDisposableStack();
  const { polling, connections } = await storeThat(stack, (request, response) => {
    response.writeHead(200, JSON_TYPE).end(ROW);
    response.once('close', () => request.socket.end());
  });
  for (let index = 0; index < 3; index++) expect(await polling.getEntity('p', 'r')).toMatchObject({ text: 'é' });
  expect(connections()).toBe(3);
});

test('a compressed answer is read', async () => {
  await using stack = new AsyncDisposableStack();
  const { polling } = await storeThat(stack, (request, response) => {
    expect(request.headers['accept-encoding']).toContain('gzip');
    response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(ROW));
  });
  expect(await polling.getEntity('p', 'r')).toMatchObject({ text: 'é' });
});

test('a row that is not there keeps the code of the service', async () => {
  await using stack = new AsyncDisposableStack();
  const body = JSON.stringify({ 'odata.error': { code: 'ResourceNotFound', message: { value: 'no such row' } } });
  const { polling } = await storeThat(stack, (_, response) => response.writeHead(404, JSON_TYPE).end(body));
  const thrown = await polling.getEntity('p', 'r').catch((error: unknown) => error);
  expect(thrown).toMatchObject({ name: 'RestError', statusCode: 404 });
  expect(isNotFound(thrown)).toBe(true);
});

test('a write is sent whole, in UTF-8, with its length', async () => {
  await using stack = new AsyncDisposableStack();
  const bodies: Buffer[] = [];
  const { polling } = await storeThat(stack, (request, response) => {
    void request.toArray().then((chunks) => {
      bodies.push(Buffer.concat(chunks as Buffer[]));
      expect(request.headers['content-length']).toBe(String(bodies[0]?.length));
      response.writeHead(204, { etag: 'W/"1"' }).end();
    });
  });
  await polling.upsertEntity({ partitionKey: 'p', rowKey: 'r', text: 'é🙂' }, 'Replace');
  expect(JSON.parse(bodies[0]?.toString('utf8') ?? '')).toMatchObject({ text: 'é🙂' });
});

test('a port on which no service listens is named as that', async () => {
  const stack = new AsyncDisposableStack();
  const { polling } = await storeThat(stack, () => undefined);
  await stack.disposeAsync();
  const reading = new TableTaskStore(polling).read('x');
  await expect(reading).rejects.toThrow(/ECONNREFUSED/);
});

test('HTTP without TLS needs a permission', async () => {
  await using stack = new AsyncDisposableStack();
  const { port, requests } = await storeThat(stack, (_, response) => response.end());
  const table = new TableClient(`http://127.0.0.1:${port}/account`, 'polling', { httpClient: undiciHttpClient() });
  await expect(table.getEntity('p', 'r')).rejects.toThrow(/allowInsecureConnection/);
  expect(requests()).toBe(0);
});

test('a request for which the SDK chose a proxy goes through its own client', async () => {
  const sendRequest = vi.fn().mockResolvedValue('by the proxy');
  const request = { agent: {}, url: 'https://example.com/', timeout: 0, headers: {} };
  expect(await undiciHttpClient({ sendRequest }).sendRequest(request as never)).toBe('by the proxy');
});
