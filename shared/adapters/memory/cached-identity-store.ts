// Keeps pointers in memory for a minute, so that a warm lookup reads nothing but the device's own row.

import { LRUCache } from 'lru-cache';
import { identityText, type Pointer } from '../../domain/identity/identity.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { IdentityOwner, IdentityOwners, IdentityStore } from '../../ports/identity-store.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import { cacheAge } from './cache-age.ts';

const YOUNG_ENOUGH_MS = 60_000;
const MOST_POINTERS = 50_000;

export class CachedIdentityStore implements IdentityStore {
  readonly #store: IdentityStore;
  readonly #owners: LRUCache<string, IdentityOwners>;

  constructor(store: IdentityStore, timer: Stopwatch, most: number = MOST_POINTERS) {
    this.#store = store;
    this.#owners = new LRUCache({ max: most, ttl: YOUNG_ENOUGH_MS, ...cacheAge(timer) });
  }

  /** Identities without an owner are not remembered: a device that enrols must be found at once. */
  async readOwners(identity: Pointer, options: CallOptions = {}): Promise<IdentityOwners> {
    const text = identityText(identity);
    const known = options.fresh ? undefined : this.#owners.get(text);
    if (known !== undefined) return { ...known, remembered: true };
    const owners = await this.#store.readOwners(identity, options);
    if (owners.devices.length > 0) this.#owners.set(text, owners);
    else this.#owners.delete(text);
    return owners;
  }

  readOwnersOf(identity: Pointer, sources: readonly string[], options?: CallOptions): Promise<IdentityOwners> {
    return this.#store.readOwnersOf(identity, sources, options);
  }

  addOwners(entries: readonly IdentityOwner[]): Promise<void> {
    return this.#store.addOwners(entries);
  }

  removeOwners(entries: readonly IdentityOwner[]): Promise<void> {
    return this.#store.removeOwners(entries);
  }
}
