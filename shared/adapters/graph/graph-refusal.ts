// Turns every refusal of Microsoft Graph, of a whole answer or of one inside a $batch, into this product's errors.

import { type ErrorCode, SourceError } from '../../errors.ts';
import { clockOfAnswer, parseRetryAfter } from '../https/retry-after.ts';

export interface Refusal {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or the text as it came. */
  readonly body: unknown;
}

export interface RefusedCall {
  /** The application permission the call needs. */
  readonly permission: string;
  /**
   * The token names that permission, and refusals are few so far: then a 403 is taken for a passing one.
   */
  readonly forbiddenMayPass: boolean;
  readonly now: Date;
}

export function refusalError({ status, headers, body }: Refusal, call: RefusedCall): SourceError {
  const { code, message, retryAfter } = graphError(body);
  const said = `Microsoft Graph answered ${status}${code ? ` ${code}` : ''}${message ? `: ${message}` : ''}`;
  const at = clockOfAnswer(headers, call.now);
  const retryAfterMs = parseRetryAfter(headers['retry-after'], at) ?? parseRetryAfter(retryAfter, at);
  const { errorCode, action } = meaningOf(status, code, call);
  return new SourceError(errorCode, said, { action, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

function meaningOf(status: number, code: string, call: RefusedCall): { errorCode: ErrorCode; action: string } {
  // A delta link that is too old: 410, or 40x with this code (Graph, "Use delta query", synchronization reset).
  if (status === 410 || /^(?:syncStateNotFound|resyncRequired)$/i.test(code)) {
    const action = 'Nothing to do: everything is read once, then changes are followed again.';
    return { errorCode: 'NAC_SOURCE_DELTA_EXPIRED', action };
  }
  if (status === 401) {
    const action = 'The token was refused: check GRAPH_ENDPOINT and the clock; the next attempt uses a new token.';
    return { errorCode: 'NAC_SOURCE_UNAUTHORIZED', action };
  }
  if (status === 403 && call.forbiddenMayPass) {
    const action = `The token does carry ${call.permission}, and Graph refuses such a token now and then: it is tried again, what is stored stays. Look again if it goes on.`;
    return { errorCode: 'NAC_SOURCE_UNAVAILABLE', action };
  }
  if (status === 403) {
    const action = `Give the app registration the application permission ${call.permission} and grant admin consent. If it has both, look for a missing Intune licence or a Conditional Access policy for workload identities. What is stored stays meanwhile.`;
    return { errorCode: 'NAC_SOURCE_FORBIDDEN', action };
  }
  if (status === 429) {
    return {
      errorCode: 'NAC_SOURCE_THROTTLED',
      action: 'Graph asks us to slow down; the poll waits and goes on by itself.',
    };
  }
  const action = 'The poll tries again by itself; look at the Microsoft 365 service health if it goes on.';
  return { errorCode: 'NAC_SOURCE_UNAVAILABLE', action };
}

/**
 * Graph's error body; Intune puts a JSON text inside `message`, with `Message` for people, and `RetryAfter`, which may
 * be null.
 */
function graphError(body: unknown): { code: string; message: string; retryAfter: string | undefined } {
  const { error } = asRecord(typeof body === 'string' ? parseOrUndefined(body) : body);
  const { code, message } = asRecord(error);
  const text = asText(message);
  const inner = asRecord(parseOrUndefined(text));
  return {
    code: asText(code).slice(0, 100),
    message: asText(inner['Message'] ?? text).slice(0, 300),
    retryAfter: asText(inner['RetryAfter']) || undefined,
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
