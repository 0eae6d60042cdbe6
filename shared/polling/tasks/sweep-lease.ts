// The row that says which instance sweeps, and how far the sweep is. An instance that writes it under its etag owns the
// sweep; one that meets a newer etag has lost it and stops.

import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SweepState, SweepStore } from '../../ports/sweep-store.ts';

/** @throws StoreError NAC_POLL_LEASE_LOST, here and in each method, once another instance has written the row */
export class SweepLease {
  readonly #sweeps: SweepStore;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #state: SweepState;
  #etag: string | undefined;
  /** The newest write. Each waits for the one before, whose etag it needs; none comes after one that failed. */
  #written: Promise<void> = Promise.resolve();

  private constructor(sweeps: SweepStore, clock: Clock, leaseMs: number, before: { state: SweepState; etag?: string }) {
    this.#sweeps = sweeps;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#state = before.state;
    this.#etag = before.etag;
  }

  /** @param before the row as it was read; @param first what the new owner writes into it */
  static async take(
    { sweeps, clock }: { readonly sweeps: SweepStore; readonly clock: Clock },
    leaseMs: number,
    before: { state: SweepState; etag?: string },
    first: Partial<SweepState> & { readonly owner: string },
  ): Promise<SweepLease> {
    const lease = new SweepLease(sweeps, clock, leaseMs, before);
    await lease.renew(first);
    return lease;
  }

  /** As it was written last. */
  get state(): SweepState {
    return this.#state;
  }

  async renew(change: Partial<SweepState> = {}): Promise<void> {
    await this.#write((state) => ({ ...state, ...change, leaseUntil: this.#end() }));
  }

  /** Others may go on. A run that is not part of `change` is over. */
  async release(change: Omit<Partial<SweepState>, 'owner' | 'leaseUntil'>): Promise<void> {
    await this.#write(({ owner, leaseUntil, run, ...rest }) => ({ ...rest, ...change }));
  }

  #end(): Instant {
    return addMilliseconds(toInstant(this.#clock.now()), this.#leaseMs);
  }

  #write(change: (state: SweepState) => SweepState): Promise<void> {
    this.#written = this.#written.then(async () => {
      const state = change(this.#state);
      this.#etag = await this.#sweeps.write(state, this.#etag);
      this.#state = state;
    });
    // The caller of this write gets the error.
    this.#written.catch(() => undefined);
    return this.#written;
  }
}
