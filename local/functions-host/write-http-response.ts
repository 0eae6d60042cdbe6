// Writes a function's response, as the library hands it over, to the client.
import type { ServerResponse } from 'node:http';
import type { RpcHttpResponse } from './rpc-types.ts';
import { setCookieHeader } from './set-cookie-header.ts';

// The connection belongs to the host: it decides on these, whatever the function returned.
const HOST_HEADERS: ReadonlySet<string> = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

export function writeHttpResponse(response: ServerResponse, result: RpcHttpResponse | undefined): void {
  if (!result) {
    // A function that returns nothing.
    response.writeHead(204).end();
    return;
  }
  response.statusCode = Number(result.statusCode ?? 200);
  for (const [name, value] of Object.entries(result.headers ?? {})) {
    if (!HOST_HEADERS.has(name)) response.setHeader(name, value);
  }
  for (const cookie of result.cookies ?? []) response.appendHeader('set-cookie', setCookieHeader(cookie));
  const body = Buffer.from(result.body?.bytes ?? []);
  // The host streams: an answer with a body is chunked and has no Content-Length. Node leaves it out for 204, 304 and
  // HEAD.
  if (body.length > 0) response.write(body);
  response.end();
}
