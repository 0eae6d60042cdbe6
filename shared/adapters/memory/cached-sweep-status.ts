// When the last complete sweep of each source began, read from the store a few times a minute at most.

import type { Instant } from '../../domain/instant.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SweepStatus } from '../../ports/sweep-status.ts';
import type { SweepStore } from '../../ports/sweep-store.ts';

const YOUNG_ENOUGH_MS = 15_000;

interface Known {
  readonly store: Pick<SweepStore, 'read'>;
  startedAt: Instant | undefined;
  readAt: number;
}

/**
 * The status only says how fresh an answer is, so it never makes a lookup fail: without the store, or while the status
 * is being read again, the last one known is good.
 */
export class CachedSweepStatus implements SweepStatus {
  readonly #clock: Clock;
  readonly #open: (source: string) => Pick<SweepStore, 'read'> | undefined;
  readonly #known = new Map<string, Known>();

  /** @param open gives the store of a source; `undefined` for one of which nothing is known */
  constructor(open: (source: string) => Pick<SweepStore, 'read'> | undefined, clock: Clock) {
    this.#clock = clock;
    this.#open = open;
  }

  async lastCompleteStartedAt(source: string, { signal, fresh }: CallOptions = {}): Promise<Instant | undefined> {
    const known = this.#of(source);
    if (known === undefined) return undefined;
    const now = this.#clock.now().getTime();
    // After a clock was set back, nothing may look younger.
    if (!fresh && Math.abs(now - known.readAt) < YOUNG_ENOUGH_MS) return known.startedAt;
    known.readAt = now;
    try {
      const { state } = await known.store.read({ signal });
      known.startedAt = state.lastComplete?.startedAt;
    } catch {
      // The device row was read all the same; its own time is what the answer says then.
    }
    return known.startedAt;
  }

  #of(source: string): Known | undefined {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const store = this.#open(source);
    if (store === undefined) return undefined;
    const unread: Known = { store, startedAt: undefined, readAt: Number.NEGATIVE_INFINITY };
    this.#known.set(source, unread);
    return unread;
  }
}
