// The Table service over HTTP, as far as the SDK uses it, from tables in memory: for sizes at which an emulator takes
// minutes to look at each row. https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { RestError } from '@azure/data-tables';
import { type Entity, MemoryTable, type Operation, type StoredRow } from '../simulation/services/memory-table.ts';

export interface TableService {
  readonly port: number;
  /** Requests since it was asked last; a transaction is one. */
  takeRequests(): number;
  table(name: string): MemoryTable;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = { 'Content-Type': 'application/json;odata=minimalmetadata;charset=utf-8' };
const KEYS = /^([^(]*)\(PartitionKey='((?:[^']|'')*)',RowKey='((?:[^']|'')*)'\)$/;
const TYPE = '@odata.type';

/** @param delayMs each answer comes so much later, as from another machine */
export async function startTableService(delayMs = 0): Promise<TableService> {
  const tables = new Map<string, MemoryTable>();
  const table = (name: string): MemoryTable => {
    const known = tables.get(name) ?? new MemoryTable(Date.now);
    tables.set(name, known);
    return known;
  };
  let requests = 0;
  const server = createServer(async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    requests += 1;
    const { status, body, headers } = answerTo(table, incoming, await text(incoming));
    if (delayMs > 0) await wait(delayMs);
    outgoing.writeHead(status, { ...(body !== undefined && JSON_TYPE), ...headers });
    outgoing.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    takeRequests() {
      const count = requests;
      requests = 0;
      return count;
    },
    table,
  };
}

type TableOf = (name: string) => MemoryTable;

function answerTo(table: TableOf, { method = '', url = '', headers }: IncomingMessage, body: string): Answer {
  const { pathname, searchParams } = new URL(url, 'http://tables');
  const path = decodeURIComponent(pathname).split('/').slice(2).join('/');
  try {
    if (path === '$batch') return transaction(table, body);
    if (path === 'Tables') return { status: 204 };
    const [, name, partitionKey, rowKey] = KEYS.exec(path) ?? [];
    if (method === 'GET') {
      if (name === undefined) return list(table(path.replace('()', '')), searchParams);
      return row(table(name).get(unquoted(partitionKey), unquoted(rowKey)));
    }
    const [target, operation] = operationOf(method, path, String(headers['if-match'] ?? ''), body);
    return written(table(target).apply(operation));
  } catch (thrown) {
    return refusal(thrown);
  }
}

function row(stored: StoredRow): Answer {
  return { status: 200, body: JSON.stringify(onTheWire(stored)), headers: { ETag: stored.etag } };
}

function list(table: MemoryTable, query: URLSearchParams): Answer {
  const partition = query.get('NextPartitionKey');
  const after = partition === null ? undefined : JSON.stringify([partition, query.get('NextRowKey') ?? '']);
  const { rows, next } = table.list(query.get('$filter') ?? undefined, Number(query.get('$top') ?? 1_000), after);
  const select = query.get('$select')?.split(',');
  const value = rows.map((stored) => chosen(onTheWire(stored), select));
  const [nextPartition, nextRow] = next === undefined ? [] : (JSON.parse(next) as [string, string]);
  return {
    status: 200,
    body: JSON.stringify({ value }),
    headers: {
      ...(nextPartition !== undefined && { 'x-ms-continuation-NextPartitionKey': nextPartition }),
      ...(nextRow !== undefined && { 'x-ms-continuation-NextRowKey': nextRow }),
    },
  };
}

function transaction(table: TableOf, body: string): Answer {
  const parts = body.split(/^--changeset_.*$/m).filter((part) => part.includes('HTTP/1.1'));
  const named = parts.map((part) => {
    const [, method = '', url = ''] = /^(POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/m.exec(part) ?? [];
    const etag = /^if-match: (.*?)\r?$/im.exec(part)?.[1] ?? '';
    const content = part.slice(part.indexOf('{'), part.lastIndexOf('}') + 1);
    const path = decodeURIComponent(new URL(url).pathname).split('/').slice(2).join('/');
    return operationOf(method, path, etag, content);
  });
  const answer = transacted(table(named[0]?.[0] ?? ''), named);
  const text = answer.map((lines) => `--changesetresponse_1\r\nContent-Type: application/http\r\n\r\n${lines}\r\n`);
  return {
    status: 202,
    body: `--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n${text.join('')}--changesetresponse_1--\r\n--batchresponse_1--\r\n`,
    headers: { 'Content-Type': 'multipart/mixed; boundary=batchresponse_1' },
  };
}

/** A refused transaction has one answer, that of the operation which was refused. */
function transacted(table: MemoryTable, named: readonly (readonly [string, Operation])[]): string[] {
  try {
    const etags = table.transact(named.map(([, operation]) => operation));
    return etags.map((etag) => `HTTP/1.1 204 No Content\r\n${etag === undefined ? '' : `ETag: ${etag}\r\n`}\r\n`);
  } catch (thrown) {
    const { status, body } = refusal(thrown);
    return [`HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\n\r\n${body}\r\n`];
  }
}

function operationOf(method: string, path: string, etag: string, body: string): readonly [string, Operation] {
  const [, name = path.replace('()', ''), partitionKey, rowKey] = KEYS.exec(path) ?? [];
  const keys = { partitionKey: unquoted(partitionKey), rowKey: unquoted(rowKey) };
  if (method === 'DELETE') return [name, { kind: 'delete', entity: keys, etag }];
  const { PartitionKey, RowKey, ...columns } = JSON.parse(body) as Record<string, unknown>;
  if (method === 'POST') {
    const own = { partitionKey: String(PartitionKey), rowKey: String(RowKey) };
    return [name, { kind: 'create', entity: { ...columns, ...own } }];
  }
  const entity: Entity = { ...columns, ...keys };
  const mode = method === 'PUT' ? 'Replace' : 'Merge';
  return [name, etag === '' ? { kind: 'upsert', entity, mode } : { kind: 'update', entity, mode, etag }];
}

/** Columns stay as they came, with the names of their types beside them. */
function onTheWire({ partitionKey, rowKey, etag, timestamp, ...columns }: StoredRow): Record<string, unknown> {
  return { 'odata.etag': etag, PartitionKey: partitionKey, RowKey: rowKey, Timestamp: timestamp, ...columns };
}

function chosen(columns: Record<string, unknown>, select: readonly string[] | undefined): Record<string, unknown> {
  if (select === undefined) return columns;
  const names = ['odata.etag', ...select.flatMap((name) => [name, `${name}${TYPE}`])];
  return Object.fromEntries(names.filter((name) => name in columns).map((name) => [name, columns[name]]));
}

function written(etag: string | undefined): Answer {
  return { status: 204, headers: etag === undefined ? {} : { ETag: etag } };
}

function refusal(thrown: unknown): Answer {
  if (!(thrown instanceof RestError)) throw thrown;
  const error = { code: thrown.code, message: { lang: 'en-US', value: `${thrown.code}: refused` } };
  return {
    status: thrown.statusCode ?? 500,
    body: JSON.stringify({ 'odata.error': error }),
    headers: { 'x-ms-error-code': thrown.code ?? '' },
  };
}

function unquoted(key: string | undefined): string {
  return (key ?? '').replaceAll("''", "'");
}
