// What one client may ask of this instance: a key that was stolen, or a RADIUS server in a loop, must not take the
// answers of all other sites. RADIUS servers get 503 then, which they treat as "no answer", never 404 or 429.

import { RequestError } from '../errors.ts';
import { TokenBucket } from '../token-bucket.ts';

/**
 * Seconds of its rate that a client may ask at once after a quiet time: a power cut brings every station back together.
 */
const BURST_SECONDS = 5;
/** Clients remembered at once; only proven ones come here. */
const MOST_CLIENTS = 5_000;

export class ClientQuota {
  readonly #perSecond: number;
  readonly #burstSeconds: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /**
   * @param perSecond requests of one client; 0 for no bound
   * @param burstSeconds of that rate that may come at once
   */
  constructor(perSecond: number, burstSeconds = BURST_SECONDS) {
    this.#perSecond = perSecond;
    this.#burstSeconds = burstSeconds;
  }

  /**
   * @param nowMs milliseconds since 1970
   * @throws RequestError 503 NAC_CLIENT_QUOTA
   */
  take(client: string, nowMs: number): void {
    if (this.tryTake(client, nowMs)) return;
    throw new RequestError(503, 'NAC_CLIENT_QUOTA', `The client asks more than ${this.#perSecond} times a second.`, {
      action: 'Find what repeats its questions, or raise CLIENT_REQUESTS_PER_SECOND.',
      field: 'X-API-Key',
    });
  }

  /** False when the client has used up its share. */
  tryTake(client: string, nowMs: number): boolean {
    if (this.#perSecond === 0) return true;
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      const capacity = Math.max(1, this.#perSecond * this.#burstSeconds);
      bucket = new TokenBucket({ capacity, perSecond: this.#perSecond });
      this.#buckets.set(client, bucket);
      if (this.#buckets.size > MOST_CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    }
    return bucket.tryTake(1, nowMs);
  }
}
