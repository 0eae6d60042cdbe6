// Reads pages of the list ahead of the sweep, so that neither the source nor the store is kept waiting by the other.

import { SourceError } from '../../errors.ts';
import type { DeviceList, ListPage } from '../../ports/compliance-source.ts';

/** Pages that wait to be taken, each a megabyte or two. More would grow old while those before them are saved. */
const MOST_AHEAD = 2;
/** While the index is being loaded, which is soon over. */
const MOST_AHEAD_AT_FIRST = 32;
/** More pages than any tenant has: pages that lead round in a circle end here. */
const MOST_PAGES = 20_000;

export class PagePrefetch {
  readonly #list: DeviceList;
  readonly #waiting: Promise<ListPage | SourceError>[] = [];
  #pages: number;
  /** Where the next one is; unknown while the newest one is on its way, and behind the last. */
  #cursor: { readonly next: string | undefined } | undefined;
  #most = MOST_AHEAD_AT_FIRST;

  /** @param run where it goes on, and how many pages it has read */
  constructor(list: DeviceList, run: { readonly cursor?: string | undefined; readonly pages: number }) {
    this.#list = list;
    this.#pages = run.pages;
    this.#cursor = { next: run.cursor };
    this.#askAhead();
  }

  /** Pages are taken from now on: until then there was time for more of them. */
  limitDepth(): void {
    this.#most = MOST_AHEAD;
  }

  /** The next page, or why there is none; not to be called again after the last one or an error. */
  take(): Promise<ListPage | SourceError> {
    const page = this.#waiting.shift();
    if (page === undefined) throw new TypeError('No page is coming.');
    this.#askAhead();
    return page;
  }

  /** Asks for nothing more, and drops the pages that were not taken. */
  stop(): void {
    this.#most = 0;
    this.#waiting.length = 0;
  }

  /** One page after the other: each says where the next one is. */
  #askAhead(): void {
    const from = this.#cursor;
    if (from === undefined || this.#waiting.length >= this.#most) return;
    this.#cursor = undefined;
    const page = this.#read(from.next);
    page.catch(() => undefined);
    this.#waiting.push(page);
  }

  /** An error is looked at only when it is taken: until then it is a page like any other. */
  async #read(cursor: string | undefined): Promise<ListPage | SourceError> {
    try {
      const page = await this.#list.listDevices(cursor);
      const { nextCursor } = page;
      if (nextCursor === undefined) return page;
      if (this.#pages >= MOST_PAGES || nextCursor === cursor) return pageLoop();
      this.#pages += 1;
      this.#cursor = { next: nextCursor };
      this.#askAhead();
      return page;
    } catch (thrown) {
      if (thrown instanceof SourceError) return thrown;
      throw thrown;
    }
  }
}

function pageLoop(): SourceError {
  return new SourceError('NAC_SOURCE_PAGE_LOOP', 'Pages lead round in a circle.', {
    action: 'The page is asked for again by itself; after several failures the run begins again.',
    field: 'nextCursor',
  });
}
