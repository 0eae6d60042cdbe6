// Asks the lookup over HTTPS, as a RADIUS proxy does.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface LookupHttpClient extends AsyncDisposable {
  post(path: string, body: string, headers?: Record<string, string>): Promise<HttpReply>;
  send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ): Promise<HttpReply>;
}

export function lookupHttpClient(url: string, caFile: string): LookupHttpClient {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) } });
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<HttpReply> => {
    const reply = await request(`${url}${path}`, { method, headers, dispatcher, ...(body !== undefined && { body }) });
    const contentType = String(reply.headers['content-type'] ?? '');
    return { status: reply.statusCode, contentType, body: await reply.body.text() };
  };
  return {
    send,
    post: (path, body, headers = {}) => send('POST', path, { 'content-type': 'application/json', ...headers }, body),
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}
