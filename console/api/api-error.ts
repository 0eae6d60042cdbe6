// Why a request of the page came to nothing, and what the person in front of it can do.

/**
 * - `offline`: no answer came at all
 * - `signed-out`: the token is missing or not taken any more
 * - `no-role`: signed in, but the role for this is missing; the message names it
 * - `too-many`: asked too often; `retryAfterMs` says when again
 * - `store-away`: the connector lives, but its store or its queue does not answer
 * - `refused`: the request itself is wrong; `field` says where
 * - `failed`: a mistake of the connector
 */
export type ApiProblem = 'offline' | 'signed-out' | 'no-role' | 'too-many' | 'store-away' | 'refused' | 'failed';

/** What the API says of a refusal (shared/http/show-error.ts). */
export interface Refusal {
  readonly code?: string;
  readonly message?: string;
  readonly action?: string;
  readonly field?: string;
  /** Where in a policy's text: each with line and column. */
  readonly problems?: readonly unknown[];
}

export class ApiError extends Error {
  readonly problem: ApiProblem;
  /** 0 where no answer came. */
  readonly status: number;
  readonly refusal: Refusal;
  /** Milliseconds; what Retry-After said. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: ApiProblem, status: number, refusal: Refusal, retryAfterMs?: number) {
    super(refusal.message ?? problem);
    this.problem = problem;
    this.status = status;
    this.refusal = refusal;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Anything that was thrown, as a problem that can be shown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError('failed', 0, { message: thrown instanceof Error ? thrown.message : String(thrown) });
}

export function problemOf(status: number, code: string | undefined): ApiProblem {
  if (status === 401) return 'signed-out';
  if (status === 403) return 'no-role';
  if (status === 429 || code === 'NAC_CLIENT_QUOTA') return 'too-many';
  if (status === 502 || status === 503 || status === 504) return 'store-away';
  return status >= 500 ? 'failed' : 'refused';
}
