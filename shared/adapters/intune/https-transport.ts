// HTTPS to Microsoft through undici: deadlines on every step, extra certificate authorities where a proxy needs them.

import { getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { SourceError } from '../../errors.ts';
import { readCaFile } from './ca-file.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Intune itself gives up after 15 seconds; a page that takes longer than this is not coming. */
const ANSWER_TIMEOUT_MS = 30_000;

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpsTransport {
  send(method: 'GET' | 'POST', url: string, headers: Record<string, string>, body?: string): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpsTransportOptions {
  /** PEM file of authorities trusted besides the usual ones. */
  readonly extraCaFile?: string | undefined;
  readonly answerTimeoutMs?: number;
}

export function createHttpsTransport({ extraCaFile, answerTimeoutMs }: HttpsTransportOptions = {}): HttpsTransport {
  const extraCa = readCaFile(extraCaFile);
  const timeout = answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  const agent = new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(extraCa !== undefined && { ca: [...getCACertificates('default'), extraCa] }),
    },
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  return {
    async send(method, url, headers, body) {
      try {
        // The agent's limits are for silence; an answer that trickles in must end, too.
        const signal = AbortSignal.timeout(2 * timeout);
        const options = { method, headers, dispatcher: agent, signal, ...(body !== undefined && { body }) };
        const answer = await request(url, options);
        return { status: answer.statusCode, headers: flatten(answer.headers), body: await answer.body.text() };
      } catch (thrown) {
        throw unreachable(url, thrown);
      }
    },
    close: () => agent.destroy(),
  };
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** Only the host is named: a query may hold what does not belong in a log. */
function unreachable(url: string, thrown: unknown): SourceError {
  const { host } = new URL(url);
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const tooSlow = thrown instanceof Error && thrown.name === 'TimeoutError';
  const timedOut = tooSlow || (thrown instanceof errors.UndiciError && code.includes('TIMEOUT'));
  const untrusted = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code);
  return new SourceError('NAC_INTUNE_UNREACHABLE', `No answer from ${host}: ${code || String(thrown)}.`, {
    action: untrusted
      ? 'The certificate presented is not trusted: if a proxy opens TLS, put its authority into EXTRA_CA_FILE.'
      : timedOut
        ? 'The host did not answer in time; the poll tries again by itself. Check outbound HTTPS if it goes on.'
        : 'Check DNS and outbound HTTPS (port 443) from the function app to this host.',
    cause: thrown,
  });
}
