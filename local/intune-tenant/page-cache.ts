// Keeps the JSON of the pages of a list until the fleet changes: the same hundred pages are read sweep after sweep.

/** Characters, which are bytes for almost all that devices report. */
const LARGEST_CONTENT = 80 * 1024 * 1024;

export class PageCache {
  readonly #pages = new Map<string, CachedPage>();
  #version = -1;
  #content = 0;

  /** The page under this key for this version of the fleet, made when it is not there. */
  page(key: string, version: number, make: () => CachedPage): CachedPage {
    if (version !== this.#version) {
      this.#clear();
      this.#version = version;
    }
    const kept = this.#pages.get(key);
    if (kept !== undefined) {
      return kept;
    }
    const made = make();
    if (this.#content + made.json.length > LARGEST_CONTENT) {
      this.#clear();
    }
    this.#pages.set(key, made);
    this.#content += made.json.length;
    return made;
  }

  #clear(): void {
    this.#pages.clear();
    this.#content = 0;
  }
}

export interface CachedPage {
  /** A JSON array. */
  readonly json: string;
  readonly count: number;
  /** Place in the fleet where the next page starts; undefined when this page is the last. */
  readonly next: number | undefined;
}
