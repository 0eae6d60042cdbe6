// Turns an incoming HTTP request into the message that the Functions host sends to the Node worker (buffered mode;
// the conversion is GrpcMessageConversionExtensions.ToRpcHttp in azure-functions-host).

import type { IncomingMessage } from 'node:http';
import { LocalError } from '../local-error.ts';
import type { NullableValue, RpcHttpRequest } from './rpc-types.ts';

export class BodyTooLargeError extends LocalError {}

/** The URL as the client used it, or undefined when the request target or Host header is malformed. */
export function requestUrl(request: IncomingMessage, scheme: 'http' | 'https'): URL | undefined {
  const target = request.url ?? '/';
  const absolute = /^https?:\/\//i.test(target)
    ? target
    : `${scheme}://${request.headers.host ?? 'localhost'}${target}`;
  return URL.parse(absolute) ?? undefined;
}

export async function readHttpRequest(
  request: IncomingMessage,
  url: URL,
  params: ReadonlyMap<string, string>,
  bodyLimit: number,
): Promise<RpcHttpRequest> {
  const body = await readBody(request, bodyLimit);
  return {
    method: request.method ?? 'GET',
    url: url.href,
    nullableHeaders: values(Object.entries(request.headersDistinct)),
    nullableQuery: values(queryEntries(url)),
    nullableParams: values([...params].map(([name, value]) => [name, [value]])),
    ...(body.length > 0 ? { body: { bytes: body } } : {}),
  };
}

/**
 * Names that differ in capitals alone are one parameter, called as the second of them is: `a=1&A=2&a=3` is `A=1,2,3`.
 */
function queryEntries(url: URL): [string, string[]][] {
  const entries = new Map<string, [string, string[]]>();
  for (const [name, value] of url.searchParams) {
    const known = entries.get(name.toLowerCase());
    if (known === undefined) entries.set(name.toLowerCase(), [name, [value]]);
    else {
      known[1].push(value);
      if (known[1].length === 2) known[0] = name;
    }
  }
  return [...entries.values()];
}

/** A body without Content-Length never reaches the function: the host forwards `ContentLength > 0` only. */
export function hasUndeliverableBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined;
}

// The host joins repeated query parameters and headers with a comma (StringValues.ToString).
function values(entries: readonly [string, readonly string[] | undefined][]): Record<string, NullableValue<string>> {
  return Object.fromEntries(entries.map(([name, list]) => [name, { value: (list ?? []).join(',') }]));
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (hasUndeliverableBody(request)) {
    request.resume();
    return Buffer.alloc(0);
  }
  if (Number(request.headers['content-length'] ?? 0) > limit)
    throw new BodyTooLargeError(`the request body is larger than ${limit} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
