// HTTPS to Microsoft through undici: deadlines on every step, a proxy and extra certificate authorities where needed.

import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, request } from 'undici';
import { readCaFile } from './ca-file.ts';
import { unreachable } from './unreachable.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Intune itself gives up after 15 seconds; a page that takes longer than this will not come. */
const ANSWER_TIMEOUT_MS = 30_000;
/** A page of 1,000 devices has about 1.5 MB. */
const LONGEST_ANSWER_BYTES = 67_108_864;

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body in pieces, as it came: a page of devices as one text takes longer to put together than to look at. */
  readonly parts: readonly string[];
}

export interface SendOptions {
  /** Ends the request earlier than the transport's own deadlines. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpsTransport {
  /** @throws SourceError NAC_SOURCE_UNREACHABLE, NAC_SOURCE_UNTRUSTED */
  send(
    method: 'GET' | 'POST',
    url: string,
    headers: Record<string, string>,
    body?: string,
    options?: SendOptions,
  ): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpsTransportOptions {
  /** PEM file of authorities trusted in addition to the usual ones. */
  readonly extraCaFile?: string | undefined;
  /** `bypass` lists hosts as NO_PROXY does. */
  readonly proxy?: { readonly url: string; readonly bypass: string } | undefined;
  readonly connectTimeoutMs?: number;
  /** Longest silence, before the answer and within it; all of it ends after twice that. */
  readonly answerTimeoutMs?: number;
  readonly longestAnswerBytes?: number;
}

export function createHttpsTransport(options: HttpsTransportOptions = {}): HttpsTransport {
  const silence = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  const dispatcher = createDispatcher(options, silence);
  return {
    async send(method, url, headers, body, { signal } = {}) {
      try {
        // The dispatcher's limits are for silence; an answer that trickles in must end, too.
        const deadline = AbortSignal.timeout(2 * silence);
        const answer = await request(url, {
          method,
          headers,
          dispatcher,
          signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
          ...(body !== undefined && { body }),
        });
        const parts = await readText(answer.body);
        return {
          status: answer.statusCode,
          headers: flatten(answer.headers),
          parts,
          get body() {
            return parts.join('');
          },
        };
      } catch (thrown) {
        throw unreachable(url, thrown, options.proxy?.url);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function readText(body: Readable): Promise<string[]> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  body.on('data', (chunk: Buffer) => parts.push(decoder.decode(chunk, { stream: true })));
  await finished(body);
  parts.push(decoder.decode());
  return parts;
}

let kept: { readonly extraCa: string; readonly context: SecureContext } | undefined;

/**
 * Made once for a process: to read some three hundred authorities for each connection would take 40 ms of a processor.
 */
function contextWith(extraCa: string): SecureContext {
  if (kept?.extraCa !== extraCa) {
    kept = { extraCa, context: createSecureContext({ ca: [...getCACertificates('default'), extraCa] }) };
  }
  return kept.context;
}

function createDispatcher(options: HttpsTransportOptions, silence: number): Dispatcher {
  const extraCa = readCaFile(options.extraCaFile);
  const connect = {
    timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    ...(extraCa !== undefined && { secureContext: contextWith(extraCa) }),
  };
  const limits = {
    headersTimeout: silence,
    bodyTimeout: silence,
    maxResponseSize: options.longestAnswerBytes ?? LONGEST_ANSWER_BYTES,
  };
  if (options.proxy === undefined) return new Agent({ connect, ...limits });
  return new EnvHttpProxyAgent({
    httpProxy: options.proxy.url,
    httpsProxy: options.proxy.url,
    noProxy: options.proxy.bypass,
    connect,
    requestTls: connect,
    proxyTls: connect,
    ...limits,
    // A proxy that takes the connection and then says nothing counts as not connected.
    clientFactory: (origin, opts) => new Pool(origin, { ...opts, headersTimeout: connect.timeout }),
  });
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
