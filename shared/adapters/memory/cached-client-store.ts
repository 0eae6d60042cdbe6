// Keeps clients in memory for a minute: they change a few times a year and are needed for every lookup. A store that
// fails for some minutes does not turn a known client away. Strangers' names neither displace clients nor cost reads
// without end, and bring about no failure: beyond a budget they are judged by the list of names.

import { LRUCache } from 'lru-cache';
import type { Client } from '../../domain/client.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { ClientStore } from '../../ports/client-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { ClientNames } from './client-names.ts';

const YOUNG_ENOUGH_MS = 60_000;
/**
 * While the store fails, a client that was read this long ago may still ask: it cannot have been revoked there either.
 */
const USABLE_WITHOUT_STORE_MS = 10 * 60_000;
const MOST_CLIENTS = 5_000;
/**
 * A key with an unknown name is most likely a mistake repeated at every authentication; it costs a read now and then.
 */
const UNKNOWN_YOUNG_ENOUGH_MS = 5_000;
const MOST_UNKNOWN_NAMES = 1_000;
/** Reads of names that this instance has never seen a client for: all strangers together. */
const UNKNOWN_READS = { capacity: 40, perSecond: 20 };
/**
 * A client whose secret was wrong is looked for in the store as often as a name that no client has: which of the two it
 * is shows in nothing.
 */
const LOOK_AGAIN_AFTER_MS = UNKNOWN_YOUNG_ENOUGH_MS;

interface KnownClient {
  readonly client: Client;
  readonly readAt: number;
  /** When the store was asked for it because a secret did not match. */
  readonly lookedAt?: number;
}

export class CachedClientStore implements ClientStore {
  readonly #store: ClientStore;
  readonly #clock: Clock;
  readonly #known = new LRUCache<string, KnownClient>({ max: MOST_CLIENTS });
  /** When the store had no client of this name. */
  readonly #unknown = new LRUCache<string, number>({ max: MOST_UNKNOWN_NAMES });
  /** Reads under way, of names that this instance knows no client of. */
  readonly #reading = new Map<string, Promise<Client | undefined>>();
  readonly #unknownReads = new TokenBucket(UNKNOWN_READS);
  readonly #names: ClientNames;

  constructor(store: ClientStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#names = new ClientNames(store);
  }

  async read(name: string, options: CallOptions = {}): Promise<Client | undefined> {
    const now = this.#clock.now().getTime();
    const known = this.#known.get(name);
    if (known !== undefined) {
      if (options.fresh) return this.#lookAgain(name, known, options, now);
      if (isYoung(known.readAt, now, YOUNG_ENOUGH_MS)) return known.client;
      return this.#readKnown(name, known, options, now);
    }
    const unknownSince = this.#unknown.get(name);
    const isNoNews = unknownSince !== undefined && isYoung(unknownSince, now, UNKNOWN_YOUNG_ENOUGH_MS);
    if (isNoNews) return undefined;
    return this.#readTogether(name, options, now);
  }

  /** A stranger sees the same as for an unknown name: the same reads, the same limit, the same failure of the store. */
  async #lookAgain(
    name: string,
    { client, lookedAt }: KnownClient,
    options: CallOptions,
    now: number,
  ): Promise<Client | undefined> {
    if (lookedAt !== undefined && isYoung(lookedAt, now, LOOK_AGAIN_AFTER_MS)) return client;
    if (!this.#unknownReads.tryTake(1, now)) {
      return (await this.#names.has(name, now, options)) ? client : undefined;
    }
    const current = await this.#readStore(name, options, now);
    if (current !== undefined) this.#known.set(name, { client: current, readAt: now, lookedAt: now });
    return current;
  }

  /** All who ask for one name at once share a read: a site's first minute at a new instance counts once. */
  async #readTogether(name: string, options: CallOptions, now: number): Promise<Client | undefined> {
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) {
      try {
        return await underWay;
      } catch (thrown) {
        // The time of another one was up.
        if (options.signal?.aborted) throw thrown;
      }
    }
    const reading = this.#readUnknown(name, options, now);
    this.#reading.set(name, reading);
    try {
      return await reading;
    } finally {
      if (this.#reading.get(name) === reading) this.#reading.delete(name);
    }
  }

  /** A name on the list is a client's, of which there are few, and is read however many strangers ask. */
  async #readUnknown(name: string, options: CallOptions, now: number): Promise<Client | undefined> {
    const mayRead = this.#unknownReads.tryTake(1, now) || (await this.#names.has(name, now, options));
    return mayRead ? this.#readStore(name, options, now) : undefined;
  }

  async #readKnown(
    name: string,
    { client, readAt }: KnownClient,
    options: CallOptions,
    now: number,
  ): Promise<Client | undefined> {
    try {
      return await this.#readStore(name, options, now);
    } catch (thrown) {
      if (thrown instanceof StoreError && isYoung(readAt, now, USABLE_WITHOUT_STORE_MS)) return client;
      throw thrown;
    }
  }

  async #readStore(name: string, options: CallOptions, now: number): Promise<Client | undefined> {
    const client = await this.#store.read(name, options);
    if (client === undefined) {
      this.#known.delete(name);
      this.#unknown.set(name, now);
    } else {
      this.#unknown.delete(name);
      const lookedAt = this.#known.get(name)?.lookedAt;
      this.#known.set(name, { client, readAt: now, ...(lookedAt !== undefined && { lookedAt }) });
    }
    return client;
  }

  names(options?: CallOptions): Promise<readonly string[]> {
    return this.#store.names(options);
  }

  sessionKeyOf(site: string, fresh: string): Promise<string> {
    return this.#store.sessionKeyOf(site, fresh);
  }

  async create(client: Client): Promise<void> {
    await this.#store.create(client);
    this.#known.delete(client.name);
    this.#unknown.delete(client.name);
  }
}

/** After a clock was set back, nothing may stay young for ever. */
function isYoung(at: number, now: number, age: number): boolean {
  return Math.abs(now - at) < age;
}
