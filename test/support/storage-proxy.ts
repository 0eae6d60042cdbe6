// Stands between the connector and Azurite: sees every request the unmodified SDK makes, and can hold one up.

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectionString } from '../../local/table-storage.ts';

export interface StorageRequest {
  readonly method: string;
  readonly table: string;
  /** Entities written or deleted; 0 for reads. A transaction counts each of its operations. */
  readonly writes: number;
  /** Of a list of rows: its filter, empty where it has none. */
  readonly filter?: string;
  /** Of the body, where the proxy was asked to tell. */
  readonly bytes?: number;
}

export interface StorageProxy {
  readonly connectionString: string;
  readonly requests: StorageRequest[];
  /** Runs before a request is passed on; what it returns decides the request's fate. */
  beforeEach: (request: StorageRequest, index: number) => Promise<'pass' | 'hold' | 'drop'> | 'pass' | 'hold' | 'drop';
  close(): Promise<void>;
}

const WRITE_METHODS = new Set(['POST', 'PUT', 'PATCH', 'MERGE', 'DELETE']);

export async function startStorageProxy(storagePort: number, { sizes = false } = {}): Promise<StorageProxy> {
  const server = createServer((incoming, answer) => {
    void forward(incoming, answer);
  });
  const proxy: StorageProxy = {
    connectionString: '',
    requests: [],
    beforeEach: () => 'pass',
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const seen = { ...describe(incoming, body), ...(sizes && { bytes: body.length }) };
    proxy.requests.push(seen);
    const fate = await proxy.beforeEach(seen, proxy.requests.length);
    if (fate === 'hold') return;
    if (fate === 'drop') return void incoming.socket.destroy();
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: storagePort, method, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, { connectionString: connectionString((server.address() as AddressInfo).port) });
}

function describe({ method = '', url = '' }: IncomingMessage, body: Buffer): StorageRequest {
  if (url.includes('$batch')) {
    const operations = [
      ...body.toString('latin1').matchAll(/^(PUT|MERGE|PATCH|POST|DELETE) \S+\/devstoreaccount1\/(\w+)/gm),
    ];
    return { method: 'BATCH', table: operations[0]?.[2] ?? '', writes: operations.length };
  }
  const table = /\/devstoreaccount1\/(\w+)/.exec(url)?.[1] ?? '';
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const isList = method === 'GET' && !pathname.includes('RowKey=');
  const filter = isList ? { filter: searchParams.get('$filter') ?? '' } : {};
  return { method, table, writes: WRITE_METHODS.has(method) ? 1 : 0, ...filter };
}
