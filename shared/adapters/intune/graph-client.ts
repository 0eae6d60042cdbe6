// Reads JSON from Microsoft Graph, and turns every way it can fail into one of this product's errors.

import { randomUUID } from 'node:crypto';
import { SourceError } from '../../errors.ts';
import type { HttpAnswer, HttpsTransport } from './https-transport.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { TokenSource } from './token-source.ts';

export interface GraphClient {
  /** Root of the API, e.g. `https://graph.microsoft.com`. */
  readonly endpoint: string;
  /**
   * @param url absolute, on the endpoint's own origin: the bearer token goes nowhere else
   * @param permission the application permission the call needs, for the error text
   */
  getJson(url: string, permission: string): Promise<unknown>;
}

export function createGraphClient(endpoint: string, tokens: TokenSource, transport: HttpsTransport): GraphClient {
  const { origin, host } = new URL(endpoint);
  return {
    endpoint,
    async getJson(url, permission) {
      if (!URL.canParse(url) || new URL(url).origin !== origin) throw foreignUrl(host);
      const answer = await transport.send('GET', url, {
        authorization: `Bearer ${await tokens.getToken(endpoint)}`,
        accept: 'application/json',
        // Microsoft's support finds a call by this id.
        'client-request-id': randomUUID(),
      });
      if (answer.status !== 200) throw refusal(answer, permission);
      return parseBody(answer);
    },
  };
}

function parseBody(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch (cause) {
    throw new SourceError(
      'NAC_INTUNE_PAGE',
      `Microsoft Graph answered 200 with something that is not JSON (${answer.headers['content-type'] ?? 'no content type'}, ${answer.body.length} characters).`,
      {
        action: 'The answer was cut off, or a proxy answered in Graph’s place. The page is asked for again by itself.',
        field: 'body',
        cause,
      },
    );
  }
}

function foreignUrl(host: string): SourceError {
  return new SourceError('NAC_INTUNE_PAGE', `A link leads outside ${host}; it was not followed.`, {
    action: 'Check that nothing between the function app and Microsoft Graph rewrites answers.',
  });
}

function refusal(answer: HttpAnswer, permission: string): SourceError {
  const { code, message } = graphError(answer.body);
  const said = `Microsoft Graph answered ${answer.status}${code ? ` ${code}` : ''}${message ? `: ${message}` : ''}`;
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after']);
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  switch (answer.status) {
    case 401:
      return new SourceError('NAC_INTUNE_UNAUTHORIZED', said, {
        ...details,
        action: 'The token was refused: check GRAPH_ENDPOINT and the clock; the next attempt uses a new token.',
      });
    case 403:
      return new SourceError('NAC_INTUNE_FORBIDDEN', said, {
        ...details,
        action: `Give the app registration the application permission ${permission} and grant admin consent.`,
      });
    case 429:
      return new SourceError('NAC_INTUNE_THROTTLED', said, {
        ...details,
        action: 'Graph asks us to slow down; the poll waits and goes on by itself.',
      });
    default:
      return new SourceError('NAC_INTUNE_UNAVAILABLE', said, {
        ...details,
        action: 'The poll tries again by itself; look at the Microsoft 365 service health if it goes on.',
      });
  }
}

/** Graph's error body; Intune puts a JSON text inside `message`, of which `Message` is for people. */
function graphError(body: string): { code: string; message: string } {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown } };
    const message = String(error?.message ?? '');
    return { code: String(error?.code ?? '').slice(0, 100), message: innerMessage(message).slice(0, 300) };
  } catch {
    return { code: '', message: '' };
  }
}

function innerMessage(message: string): string {
  try {
    return String((JSON.parse(message) as { Message?: unknown }).Message ?? message);
  } catch {
    return message;
  }
}
