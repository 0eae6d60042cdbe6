// What is remembered of each audience's token beside MSAL: when it may stand in, and when it may not be believed.

import type { AccessToken } from './access-token.ts';

/**
 * For so long the kept token is used without asking: MSAL, since its answer from memory costs more than the rest of a
 * small request; and Entra, after it failed. MSAL renews five minutes early; when that fails, the old token still
 * works.
 */
const REST_MS = 30_000;
/** A token with less time left may end before the service has checked it. */
const LEAST_LEFT_MS = 30_000;
/** A refused token is replaced at most this often, even if the refusals go on. */
const FRESH_EVERY_MS = 300_000;

interface Kept {
  readonly token: string;
  readonly expiresAtMs: number;
  restUntilMs: number;
}

export class TokenCache {
  readonly #kept = new Map<string, Kept>();
  readonly #refused = new Set<string>();
  readonly #freshAtMs = new Map<string, number>();

  /** The token that was good a moment ago; also for a while after Entra failed, which is not asked then. */
  current(resource: string, nowMs: number): string | undefined {
    const kept = this.#kept.get(resource);
    return kept && nowMs < kept.restUntilMs && isGood(kept, nowMs) ? kept.token : undefined;
  }

  /** Entra failed: the token it gave before, if that is still good. */
  fallback(resource: string, nowMs: number): string | undefined {
    const kept = this.#kept.get(resource);
    if (kept === undefined || !isGood(kept, nowMs)) return undefined;
    kept.restUntilMs = nowMs + REST_MS;
    return kept.token;
  }

  keep(resource: string, { token, expiresAt }: AccessToken, nowMs: number): string {
    this.#kept.set(resource, { token, expiresAtMs: expiresAt?.getTime() ?? 0, restUntilMs: nowMs + REST_MS });
    return token;
  }

  /** A service refused it. */
  refuse(resource: string): void {
    this.#refused.add(resource);
  }

  /** Whether the next token must be a new one. True once per refusal: the caller then asks for it. */
  takeFresh(resource: string, nowMs: number): boolean {
    const due = nowMs - (this.#freshAtMs.get(resource) ?? Number.NEGATIVE_INFINITY) >= FRESH_EVERY_MS;
    if (!due || !this.#refused.delete(resource)) return false;
    this.#freshAtMs.set(resource, nowMs);
    return true;
  }
}

function isGood({ expiresAtMs }: Kept, nowMs: number): boolean {
  return expiresAtMs - nowMs >= LEAST_LEFT_MS;
}
