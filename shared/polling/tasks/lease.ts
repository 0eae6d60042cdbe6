// A row that says which instance works on something, and how far that is. An instance that writes it under its etag
// owns the work; one that meets a newer etag has lost it and stops.

import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';

export interface Leased {
  /** The instance that works on it now; absent when there is none. */
  readonly owner?: string;
  readonly leaseUntil?: Instant;
}

/** Another instance works on it, or died less than a lease ago. */
export function isLeased({ owner, leaseUntil }: Leased, now: Instant): boolean {
  return owner !== undefined && leaseUntil !== undefined && leaseUntil > now;
}

export interface LeaseTerms<Row> {
  readonly clock: Clock;
  /** Longer than the host lets a function run: an owner that has lost the lease has been ended before. */
  readonly leaseMs: number;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  readonly write: (row: Row, etag: string | undefined) => Promise<string>;
}

/** @throws StoreError NAC_POLL_LEASE_LOST, here and in each method, once another instance has written the row */
export class Lease<Row extends Leased> {
  readonly #terms: LeaseTerms<Row>;
  readonly #owner: string;
  #row: Row;
  #etag: string | undefined;
  /** The newest write. Each waits for the one before, whose etag it needs; none comes after one that failed. */
  #written: Promise<void> = Promise.resolve();

  private constructor(terms: LeaseTerms<Row>, owner: string, before: { readonly row: Row; readonly etag?: string }) {
    this.#terms = terms;
    this.#owner = owner;
    this.#row = before.row;
    this.#etag = before.etag;
  }

  /** @param before the row as it was read @param first what the new owner makes of it */
  static async take<Row extends Leased>(
    terms: LeaseTerms<Row>,
    owner: string,
    before: { readonly row: Row; readonly etag?: string },
    first: (row: Row) => Row = (row) => row,
  ): Promise<Lease<Row>> {
    const lease = new Lease(terms, owner, before);
    await lease.keep(first);
    return lease;
  }

  /** As it was written last. */
  get row(): Row {
    return this.#row;
  }

  /** Stores what changed, and renews the lease. */
  keep(change: (row: Row) => Row = (row) => row): Promise<void> {
    return this.#write((row) => {
      const leaseUntil = addMilliseconds(toInstant(this.#terms.clock.now()), this.#terms.leaseMs);
      return { ...change(row), owner: this.#owner, leaseUntil };
    });
  }

  /** Stores what changed; others may go on. */
  release(change: (row: Row) => Row = (row) => row): Promise<void> {
    return this.#write((row) => {
      const { owner: _, leaseUntil: __, ...rest } = change(row);
      return rest as Row;
    });
  }

  #write(change: (row: Row) => Row): Promise<void> {
    this.#written = this.#written.then(async () => {
      const row = change(this.#row);
      this.#etag = await this.#terms.write(row, this.#etag);
      this.#row = row;
    });
    // The caller of this write gets the error.
    this.#written.catch(() => undefined);
    return this.#written;
  }
}
