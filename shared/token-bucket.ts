// A token bucket: how many requests may be made now, pure, with the time as a parameter.

export interface TokenBucketLimits {
  /** Most tokens it holds: what may be taken at once after a quiet time. */
  readonly capacity: number;
  /** Tokens that come back each second. In any `n` seconds at most `capacity + n * perSecond` are taken. */
  readonly perSecond: number;
}

export class TokenBucket {
  readonly #limits: TokenBucketLimits;
  /** Negative while reservations wait for tokens that are still to come. */
  #tokens: number;
  #filledAt: number | undefined;

  constructor(limits: TokenBucketLimits) {
    this.#limits = limits;
    this.#tokens = limits.capacity;
  }

  /** Takes tokens if they are there now, and nothing otherwise. */
  tryTake(count: number, nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes tokens in any case. @returns milliseconds to wait until they count as there */
  reserve(count: number, nowMs: number): number {
    this.#fill(nowMs);
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#limits.perSecond) * 1000);
  }

  /** A clock that was set back brings no tokens, and takes none away. */
  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#filledAt ?? nowMs));
    this.#filledAt = nowMs;
    this.#tokens = Math.min(this.#limits.capacity, this.#tokens + (elapsedMs / 1000) * this.#limits.perSecond);
  }
}
