// Intune's request limit, counted over a fixed window. Source: "Microsoft Graph throttling limits", Intune devices.

export class RequestThrottle {
  #windowStart = Number.NEGATIVE_INFINITY;
  #requests = 0;

  /** Seconds to wait, or 0 when the request is within the limit and was counted. */
  admit(now: Date, limit: number | null, windowSeconds: number): number {
    if (limit === null) {
      return 0;
    }
    const elapsed = (now.getTime() - this.#windowStart) / 1000;
    if (elapsed >= windowSeconds || elapsed < 0) {
      this.#windowStart = now.getTime();
      this.#requests = 0;
    }
    if (this.#requests >= limit) {
      return Math.max(1, Math.ceil(windowSeconds - Math.max(elapsed, 0)));
    }
    this.#requests += 1;
    return 0;
  }
}
