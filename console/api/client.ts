// The page's one way to the API: bearer token, JSON, refusals as errors that instruct, reads tried again when the API asks
// to wait. A change is sent once: what may have been done is for a person to look at.

import { ApiError, problemOf, type Refusal } from './api-error.ts';

export interface AskOptions {
  readonly signal?: AbortSignal;
}

/** Where tokens come from. @param fresh not the one that was just refused */
export type TokenSource = (fresh: boolean) => Promise<string | undefined>;

const MOST_ATTEMPTS = 3;
/** A person waits no longer in front of an empty page; what asks for more is shown as an error with the time. */
const LONGEST_WAIT_MS = 5_000;
const WITHOUT_RETRY_AFTER_MS = 1_000;

let tokenSource: TokenSource = async () => undefined;

/** Named once, by the sign-in. */
export function takeTokensFrom(source: TokenSource): void {
  tokenSource = source;
}

/** @param path of the API, with its query: `/api/poll` */
export async function getJson<T>(path: string, { signal }: AskOptions = {}): Promise<T> {
  const answer = await readAnswer(path, withSignal(signal));
  return (await answer.json()) as T;
}

/** For routes that answer with text, as the text of a policy. */
export async function getText(path: string, { signal }: AskOptions = {}): Promise<string> {
  return (await readAnswer(path, withSignal(signal))).text();
}

/** A question whose words belong into no URL, asked by POST: it changes nothing, so it is tried again like a read. */
export async function search<T>(path: string, body: object, { signal }: AskOptions = {}): Promise<T> {
  const answer = await readAnswer(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...withSignal(signal),
  });
  return (await answer.json()) as T;
}

/** A change. @param body JSON; text is sent as it is, as YAML @param reason of a text, which has no room for one */
export async function send<T>(
  method: 'POST' | 'PUT',
  path: string,
  body: unknown,
  { signal, type, reason }: AskOptions & { readonly type?: string; readonly reason?: string } = {},
): Promise<T> {
  const asText = typeof body === 'string';
  const answer = await ask(path, {
    method,
    headers: {
      'content-type': type ?? (asText ? 'application/yaml' : 'application/json'),
      ...(reason !== undefined && { 'x-reason': encodeURIComponent(reason) }),
    },
    body: asText ? body : JSON.stringify(body ?? {}),
    ...withSignal(signal),
  });
  return (await answer.json()) as T;
}

function withSignal(signal: AbortSignal | undefined): Pick<RequestInit, 'signal'> {
  return signal === undefined ? {} : { signal };
}

async function readAnswer(path: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(path, init);
    } catch (thrown) {
      const waitMs = waitBeforeNext(thrown, attempt);
      if (waitMs === undefined) throw thrown;
      await waited(waitMs, init.signal ?? undefined);
    }
  }
}

function waitBeforeNext(thrown: unknown, attempt: number): number | undefined {
  if (!(thrown instanceof ApiError) || attempt >= MOST_ATTEMPTS) return undefined;
  if (thrown.problem !== 'too-many' && thrown.problem !== 'store-away') return undefined;
  const waitMs = thrown.retryAfterMs ?? WITHOUT_RETRY_AFTER_MS * attempt;
  return waitMs <= LONGEST_WAIT_MS ? waitMs : undefined;
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const answer = await request(path, init, false);
  // Once with a new token: the old one may have been refused because a key was rolled, or its time was up meanwhile.
  return accepted(answer.status === 401 ? await request(path, init, true) : answer);
}

async function request(path: string, init: RequestInit, fresh: boolean): Promise<Response> {
  const token = await tokenSource(fresh);
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json, text/plain;q=0.5, */*;q=0.1');
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  try {
    return await fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store', redirect: 'error' });
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    throw new ApiError('offline', 0, {});
  }
}

async function accepted(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const refusal = await refusalIn(answer);
  throw new ApiError(problemOf(answer.status, refusal.code), answer.status, refusal, retryAfterMs(answer));
}

/** A gateway before the connector may answer with a page of its own. */
async function refusalIn(answer: Response): Promise<Refusal> {
  try {
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** Seconds or a date (RFC 9110 10.2.3). */
function retryAfterMs(answer: Response): number | undefined {
  const value = answer.headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function waited(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
