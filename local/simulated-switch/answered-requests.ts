// Remembers the answers to requests, so that a retransmission gets the same one and does nothing a second time.

interface AnsweredRequest {
  readonly authenticator: Uint8Array;
  readonly answer: Uint8Array;
  readonly at: number;
}

/** `other` means that source, port and identifier belong to a different request that was answered a short while ago. */
export type EarlierAnswer = 'none' | 'other' | Uint8Array;

export class AnsweredRequests {
  readonly #windowMs: number;
  readonly #requests = new Map<string, AnsweredRequest>();

  /** @param windowMs as long as requests are taken for fresh: RFC 5176 section 6.3 */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param key made of source address, source port and identifier */
  find(key: string, authenticator: Uint8Array, now: number): EarlierAnswer {
    this.#forgetOld(now);
    const found = this.#requests.get(key);
    if (found === undefined) return 'none';
    return Buffer.compare(found.authenticator, authenticator) === 0 ? found.answer : 'other';
  }

  remember(key: string, authenticator: Uint8Array, answer: Uint8Array, now: number): void {
    this.#requests.set(key, { authenticator, answer, at: now });
  }

  /** The oldest come first. */
  #forgetOld(now: number): void {
    for (const [key, { at }] of this.#requests) {
      if (now - at <= this.#windowMs) return;
      this.#requests.delete(key);
    }
  }
}
