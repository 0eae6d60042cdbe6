// Looks through a list, page by page, for rows that only the page itself can tell: within a budget of requests, which
// says how far it came.

export interface ListPage<T> {
  readonly rows: readonly T[];
  /** Of the API: where the next page begins; absent after the last one. */
  readonly next?: string | undefined;
}

export interface LookThrough<T> {
  /** @param after mark of the page before; absent for the first one */
  readonly ask: (after: string | undefined) => Promise<ListPage<T>>;
  readonly keep: (row: T) => boolean;
  /** Rows that are enough. */
  readonly wanted: number;
  /** Requests that may be made. */
  readonly requests: number;
}

export interface Found<T> {
  readonly rows: readonly T[];
  /** Rows that were looked at, those that are left out included. */
  readonly looked: number;
  /** The oldest row that was looked at. */
  readonly last: T | undefined;
  /** Where to go on; absent where everything was looked at. */
  readonly next: string | undefined;
}

/** A page that has begun is kept whole, so somewhat more than wanted may be found. */
export async function lookThrough<T>(
  { ask, keep, wanted, requests }: LookThrough<T>,
  after: string | undefined,
): Promise<Found<T>> {
  const rows: T[] = [];
  let looked = 0;
  let last: T | undefined;
  let next = after;
  for (let request = 0; request < requests; request++) {
    const page = await ask(next);
    looked += page.rows.length;
    last = page.rows.at(-1) ?? last;
    rows.push(...page.rows.filter(keep));
    next = page.next;
    if (next === undefined || rows.length >= wanted) break;
  }
  return { rows, looked, last, next };
}

/** What was found before, and what was found from there on. */
export function joinFound<T>(before: Found<T>, then: Found<T>): Found<T> {
  return {
    rows: [...before.rows, ...then.rows],
    looked: before.looked + then.looked,
    last: then.last ?? before.last,
    next: then.next,
  };
}
