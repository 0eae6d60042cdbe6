// Speaks to the connector over HTTPS as a RADIUS proxy does: asks the lookup and delivers accounting records.

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { withoutTrailing } from '../../shared/domain/trailing.ts';
import { LocalError } from '../local-error.ts';
import { type AccessAnswer, readAccessAnswer } from './access-answer.ts';

const LONGEST_WAIT = 10_000;
const LONGEST_QUOTE = 200;

export type RadiusFields = Readonly<Record<string, string>>;
export type LookupFields = Readonly<Record<string, string | { readonly sanUri: readonly string[] }>>;

/** What became of an accounting record: `later` means that the same record may be taken another time. */
export type Delivery = { readonly taken: true } | { readonly taken: false; readonly later: boolean; why: string };

export interface ConnectorClient {
  /** @throws LookupError if there is no answer that can be understood */
  lookup(fields: LookupFields): Promise<AccessAnswer>;
  /** Never throws. */
  account(fields: RadiusFields): Promise<Delivery>;
  close(): Promise<void>;
}

export interface ConnectorClientOptions {
  /** Of the function app, without `/api`. */
  readonly url: string;
  /** PEM file with the authority that vouches for the connector. */
  readonly caFile: string;
  readonly apiKey: string;
}

export class LookupError extends LocalError {}

export async function openConnectorClient({ url, caFile, apiKey }: ConnectorClientOptions): Promise<ConnectorClient> {
  const base = withoutTrailing(url, '/');
  const dispatcher = new Agent({ connect: { ca: await readFile(caFile) } });
  const closing = new AbortController();

  async function post(path: string, fields: LookupFields, accept: string): Promise<{ status: number; text: string }> {
    const { statusCode, body } = await request(`${base}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, accept, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
      dispatcher,
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(LONGEST_WAIT)]),
    });
    return { status: statusCode, text: await body.text() };
  }

  return {
    async lookup(fields) {
      let reply: { status: number; text: string };
      try {
        reply = await post('/api/lookup', fields, 'text/plain');
      } catch (error) {
        throw new LookupError(`the lookup at ${base} did not answer: ${reasonOf(error)}`);
      }
      const answer = reply.status === 200 ? readAccessAnswer(reply.text) : undefined;
      if (answer === undefined) throw new LookupError(`the lookup answered ${reply.status}: ${quoted(reply.text)}`);
      return answer;
    },
    async account(fields) {
      try {
        const { status, text } = await post('/api/accounting', fields, 'application/json');
        if (status === 200) return { taken: true };
        return { taken: false, later: status >= 500, why: `accounting answered ${status}: ${quoted(text)}` };
      } catch (error) {
        return { taken: false, later: true, why: `accounting at ${base} did not answer: ${reasonOf(error)}` };
      }
    },
    async close() {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_QUOTE));
}
