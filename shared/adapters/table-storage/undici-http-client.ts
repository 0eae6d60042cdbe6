// Sends what the SDK of Table Storage asks through undici. Node's own client, which the SDK brings, takes more
// processor time for a request than a lookup takes for all the rest.

import { createDefaultHttpClient, createHttpHeaders, RestError } from '@azure/core-rest-pipeline';
import { Agent, type Dispatcher } from 'undici';
import { decoded } from './content-encoding.ts';

/** As the SDK calls it: https://learn.microsoft.com/javascript/api/@azure/core-rest-pipeline/httpclient. */
type HttpClient = ReturnType<typeof createDefaultHttpClient>;
type PipelineRequest = Parameters<HttpClient['sendRequest']>[0];

/**
 * Longer than the pause between two rounds of any timer, shorter than the four minutes after which Azure's load
 * balancer forgets an idle connection (https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset).
 */
const KEEP_ALIVE_MS = 120_000;

/** What the SDK sends once more: its own client has these names from the system, undici gives others. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
};

/** @param own the SDK's client, for requests that are more than a text, and where the SDK chose a proxy */
export function undiciHttpClient(own: HttpClient = createDefaultHttpClient()): HttpClient {
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS, allowH2: false });
  return {
    async sendRequest(request) {
      const { method, headers, body = null } = request;
      if (!isPlain(request) || (body !== null && typeof body !== 'string')) return own.sendRequest(request);
      const { origin, pathname, search } = new URL(request.url);
      try {
        const answer = await agent.request({
          origin,
          path: `${pathname}${search}`,
          method: method as Dispatcher.HttpMethod,
          headers: headers.toJSON({ preserveCase: true }),
          body,
          // The pipeline of our clients sets a real one (call-deadlines.ts).
          signal: (request.abortSignal as AbortSignal | undefined) ?? null,
        });
        const text = await decoded(answer.headers['content-encoding'], answer.body);
        return { status: answer.statusCode, headers: readHeaders(answer.headers), request, bodyAsText: text };
      } catch (thrown) {
        throw asTheSdkThrows(thrown, request);
      }
    },
  };
}

/** Nothing that the transport would have to do beyond sending a text and reading one. */
function isPlain(request: PipelineRequest): boolean {
  const { agent, tlsSettings, streamResponseStatusCodes, onUploadProgress, onDownloadProgress } = request;
  const { timeout, disableKeepAlive, allowInsecureConnection, url } = request;
  const special = agent ?? tlsSettings ?? onUploadProgress ?? onDownloadProgress;
  if (special !== undefined || disableKeepAlive || timeout > 0) return false;
  if ((streamResponseStatusCodes?.size ?? 0) > 0) return false;
  return allowInsecureConnection || url.startsWith('https:');
}

function readHeaders(received: Readonly<Record<string, string | string[] | undefined>>) {
  const headers = createHttpHeaders();
  for (const name in received) {
    const value = received[name];
    const first = typeof value === 'string' ? value : value?.[0];
    if (first !== undefined) headers.set(name, first);
  }
  return headers;
}

function asTheSdkThrows(thrown: unknown, request: PipelineRequest): unknown {
  if (request.abortSignal?.aborted) return aborted();
  const { code, message } = thrown as { readonly code?: string; readonly message?: string };
  const known = code === undefined ? RestError.REQUEST_SEND_ERROR : (CODES[code] ?? code);
  return new RestError(message ?? String(thrown), { code: known, request });
}

function aborted(): Error {
  const error = new Error('The request was given up.');
  error.name = 'AbortError';
  return error;
}
