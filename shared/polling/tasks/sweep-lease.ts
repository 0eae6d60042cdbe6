// The lease of a source's sweep, and how far the sweep is.

import type { Clock } from '../../ports/clock.ts';
import type { SweepState, SweepStore } from '../../ports/sweep-store.ts';
import { Lease } from './lease.ts';

/** @throws StoreError NAC_POLL_LEASE_LOST, here and in each method, once another instance has written the row */
export class SweepLease {
  readonly #lease: Lease<SweepState>;

  private constructor(lease: Lease<SweepState>) {
    this.#lease = lease;
  }

  /** @param before the row as it was read; @param first what the new owner writes into it */
  static async take(
    { sweeps, clock }: { readonly sweeps: SweepStore; readonly clock: Clock },
    leaseMs: number,
    { state, ...before }: { readonly state: SweepState; readonly etag?: string },
    { owner, ...first }: Partial<SweepState> & { readonly owner: string },
  ): Promise<SweepLease> {
    const write = (row: SweepState, etag: string | undefined): Promise<string> => sweeps.write(row, etag);
    const taken = { ...before, row: state };
    return new SweepLease(await Lease.take({ clock, leaseMs, write }, owner, taken, (row) => ({ ...row, ...first })));
  }

  /** As it was written last. */
  get state(): SweepState {
    return this.#lease.row;
  }

  renew(change: Partial<SweepState> = {}): Promise<void> {
    return this.#lease.keep((state) => ({ ...state, ...change }));
  }

  /** Others may go on. A run that is not part of `change` is over. */
  release(change: Omit<Partial<SweepState>, 'owner' | 'leaseUntil'>): Promise<void> {
    return this.#lease.release(({ run: _, ...rest }) => ({ ...rest, ...change }));
  }
}
