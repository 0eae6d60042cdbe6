// Keeps clients in memory for a minute: they change a few times a year and are needed for every lookup.

import { LRUCache } from 'lru-cache';
import type { Client } from '../../domain/client.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { ClientStore } from '../../ports/client-store.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import { ageBy } from './age-by.ts';

const YOUNG_ENOUGH_MS = 60_000;
/** A key with an unknown name is most likely a mistake repeated at every authentication; it costs a read now and then. */
const UNKNOWN_YOUNG_ENOUGH_MS = 5_000;
const MOST_CLIENTS = 5_000;

const UNKNOWN = Symbol('no such client');

export class CachedClientStore implements ClientStore {
  readonly #store: ClientStore;
  readonly #clients: LRUCache<string, Client | typeof UNKNOWN>;

  constructor(store: ClientStore, timer: Stopwatch) {
    this.#store = store;
    this.#clients = new LRUCache({ max: MOST_CLIENTS, ttl: YOUNG_ENOUGH_MS, ...ageBy(timer) });
  }

  async read(name: string, options: CallOptions = {}): Promise<Client | undefined> {
    const known = options.fresh ? undefined : this.#clients.get(name);
    if (known !== undefined) return known === UNKNOWN ? undefined : known;
    const client = await this.#store.read(name, options);
    if (client === undefined) this.#clients.set(name, UNKNOWN, { ttl: UNKNOWN_YOUNG_ENOUGH_MS });
    else this.#clients.set(name, client);
    return client;
  }

  sessionKeyOf(site: string, fresh: string): Promise<string> {
    return this.#store.sessionKeyOf(site, fresh);
  }

  async create(client: Client): Promise<void> {
    await this.#store.create(client);
    this.#clients.delete(client.name);
  }
}
