// Reads JSON from Microsoft Graph, one request or many in a $batch, and turns every failure into one of this
// product's errors.

import { randomUUID } from 'node:crypto';
import { SourceError } from '../../errors.ts';
import { readTokenRoles } from '../entra/token-roles.ts';
import type { TokenSource } from '../entra/token-source.ts';
import type { HttpAnswer, HttpsTransport } from '../https/https-transport.ts';
import { createGraphBudget, type GraphBudget } from './graph-budget.ts';
import { type Refusal, refusalError } from './graph-refusal.ts';
import { readBatchAnswers } from './read-batch-answers.ts';

/** Most requests in one $batch (Graph, "Combine multiple requests using JSON batching"). */
export const LARGEST_BATCH = 20;
const JSON_BODY = { 'content-type': 'application/json' };
/** So many refusals in a row of a token that carries the permission count as passing. */
const PASSING_REFUSALS = 3;

export interface GraphClient {
  /** Root of the API, e.g. `https://graph.microsoft.com`. */
  readonly endpoint: string;
  /**
   * @param url absolute, on the endpoint's own origin: the bearer token goes nowhere else
   * @param permission the application permission the call needs, for the error text
   * @param read makes of the body, which comes in parts, what is wanted of it
   * @throws SourceError; NAC_SOURCE_PAGE when `read` throws
   */
  getJson(url: string, permission: string): Promise<unknown>;
  getJson<T>(url: string, permission: string, read: (parts: readonly string[]) => T): Promise<T>;
  /**
   * Up to twenty GETs in one call, each judged on its own.
   * @param paths below the version, e.g. `/deviceManagement/managedDevices/…`
   * @returns for each path the body, or why there is none: `undefined` stands for 404
   * @throws SourceError when the call as a whole failed
   */
  getBatch(paths: readonly string[], permission: string): Promise<readonly (BatchBody | SourceError | undefined)[]>;
  /** The same of POSTs that change nothing, as Graph asks some questions. @param requests below the version */
  postBatch(
    requests: readonly BatchPost[],
    permission: string,
  ): Promise<readonly (BatchBody | SourceError | undefined)[]>;
}

export interface BatchPost {
  readonly path: string;
  readonly body: unknown;
}

export interface BatchBody {
  readonly body: unknown;
}

export interface GraphClientOptions {
  readonly now?: () => Date;
  readonly budget?: GraphBudget;
}

export function createGraphClient(
  endpoint: string,
  tokens: TokenSource,
  transport: HttpsTransport,
  { now = () => new Date(), budget = createGraphBudget(now) }: GraphClientOptions = {},
): GraphClient {
  const { origin, host } = new URL(endpoint);
  let forbiddenInARow = 0;

  async function send(url: string, requests: number, body?: string): Promise<{ answer: HttpAnswer; token: string }> {
    await budget.take(requests);
    const token = await tokens.getToken(endpoint);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      // Microsoft's support finds a call by this id.
      'client-request-id': randomUUID(),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    return { answer: await transport.send(body === undefined ? 'GET' : 'POST', url, headers, body), token };
  }

  /** One call counts once, however many refusals it brought. */
  function judged(answers: readonly (Refusal | SourceError)[]): void {
    const brought = (status: number): boolean =>
      answers.some((answer) => !(answer instanceof SourceError) && answer.status === status);
    if (brought(403)) forbiddenInARow += 1;
    else if (brought(200)) forbiddenInARow = 0;
  }

  /** Graph refuses a good token now and then; only repeated refusals mean that the token lacks something. */
  function refused(refusal: Refusal, permission: string, token: string): SourceError {
    if (refusal.status === 401 || refusal.status === 403) tokens.refused(endpoint);
    const carries = readTokenRoles(token)?.includes(permission) === true;
    const forbiddenMayPass = carries && forbiddenInARow <= PASSING_REFUSALS;
    return refusalError(refusal, { permission, forbiddenMayPass, now: now() });
  }

  async function sendBatch(
    requests: readonly object[],
    permission: string,
  ): Promise<readonly (BatchBody | SourceError | undefined)[]> {
    const { length } = requests;
    if (length > LARGEST_BATCH) throw new RangeError(`a batch of ${length} is too large`);
    if (length === 0) return [];
    const { answer, token } = await send(`${endpoint}/v1.0/$batch`, length, JSON.stringify({ requests }));
    const answers = answer.status === 200 ? readBatchAnswers(readBody(answer, parseJson), length) : [answer];
    judged(answers);
    if (answer.status !== 200) throw refused(answer, permission, token);
    return answers.map((each) => {
      if (each instanceof SourceError) return each;
      if (each.status === 200) return { body: each.body };
      return each.status === 404 ? undefined : refused(each, permission, token);
    });
  }

  return {
    endpoint,
    async getJson(url: string, permission: string, read: (parts: readonly string[]) => unknown = parseJson) {
      if (!URL.canParse(url) || new URL(url).origin !== origin) throw foreignUrl(host);
      const { answer, token } = await send(url, 1);
      judged([answer]);
      if (answer.status !== 200) throw refused(answer, permission, token);
      return readBody(answer, read);
    },
    getBatch: (paths, permission) =>
      sendBatch(
        paths.map((url, index) => ({ id: String(index), method: 'GET', url })),
        permission,
      ),
    postBatch: (requests, permission) =>
      sendBatch(
        requests.map(({ path, body }, index) => ({
          id: String(index),
          method: 'POST',
          url: path,
          headers: JSON_BODY,
          body,
        })),
        permission,
      ),
  };
}

function parseJson(parts: readonly string[]): unknown {
  return JSON.parse(parts.join(''));
}

function readBody(answer: HttpAnswer, read: (parts: readonly string[]) => unknown): unknown {
  try {
    return read(answer.parts);
  } catch (cause) {
    throw new SourceError(
      'NAC_SOURCE_PAGE',
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
  return new SourceError('NAC_SOURCE_PAGE', `A link leads outside ${host}; it was not followed.`, {
    action: 'Check that nothing between the function app and Microsoft Graph rewrites answers.',
  });
}
