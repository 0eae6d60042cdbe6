// When the last complete sweep began, read from the store a few times a minute at most.

import type { Instant } from '../../domain/instant.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SweepStatus } from '../../ports/sweep-status.ts';
import type { SweepStore } from '../../ports/sweep-store.ts';

const YOUNG_ENOUGH_MS = 15_000;

/**
 * The status only says how fresh an answer is, so it never makes a lookup fail: without the store, or while the status
 * is being read again, the last one known is good.
 */
export class CachedSweepStatus implements SweepStatus {
  readonly #store: SweepStore;
  readonly #clock: Clock;
  #startedAt: Instant | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(store: SweepStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async lastCompleteStartedAt({ signal, fresh }: CallOptions = {}): Promise<Instant | undefined> {
    const now = this.#clock.now().getTime();
    if (!fresh && now - this.#readAt < YOUNG_ENOUGH_MS) return this.#startedAt;
    this.#readAt = now;
    try {
      const { state } = await this.#store.read({ signal });
      this.#startedAt = state.lastComplete?.startedAt;
    } catch {
      // The device row was read all the same; its own time is what the answer says then.
    }
    return this.#startedAt;
  }
}
