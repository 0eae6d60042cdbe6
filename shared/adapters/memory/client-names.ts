// Which clients there are, by name alone: one small list, read at most every five seconds. Once strangers have used up
// the reads of single names, their names are judged by it, so that they bring about no failure, and a real client is
// found all the same.

import type { CallOptions } from '../../ports/call-options.ts';
import type { ClientStore } from '../../ports/client-store.ts';

export const NAMES_YOUNG_ENOUGH_MS = 5_000;

export class ClientNames {
  readonly #store: Pick<ClientStore, 'names'>;
  #names: ReadonlySet<string> = new Set();
  /** Milliseconds since 1970 at which the list that is known was asked for. */
  #askedAt: number | undefined;
  #reading: { readonly done: Promise<void>; readonly signal: AbortSignal | undefined } | undefined;

  constructor(store: Pick<ClientStore, 'names'>) {
    this.#store = store;
  }

  /** @param nowMs milliseconds since 1970 @throws StoreError when the list cannot be read */
  async has(name: string, nowMs: number, options: CallOptions): Promise<boolean> {
    while (!this.#isYoung(nowMs)) await this.#readTogether(nowMs, options);
    return this.#names.has(name);
  }

  #isYoung(nowMs: number): boolean {
    return this.#askedAt !== undefined && Math.abs(nowMs - this.#askedAt) < NAMES_YOUNG_ENOUGH_MS;
  }

  /** All who ask meanwhile share one read; it is read again where only the time of the one who asked first was up. */
  async #readTogether(nowMs: number, options: CallOptions): Promise<void> {
    const others = this.#reading;
    if (others === undefined) return this.#read(nowMs, options);
    try {
      await others.done;
    } catch (thrown) {
      if (!others.signal?.aborted || options.signal?.aborted) throw thrown;
    }
  }

  async #read(nowMs: number, options: CallOptions): Promise<void> {
    const done = this.#store.names(options).then((names) => {
      this.#names = new Set(names);
      this.#askedAt = nowMs;
    });
    const reading = { done, signal: options.signal };
    this.#reading = reading;
    try {
      await done;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }
}
