// How many of a site's jobs in hand may be for one NAS, and for all NASes together that do not answer: a request without an
// answer takes half a minute, a NAS may have hundreds of stations, and a power cut takes many NASes at once.

import { nasName } from '../domain/coa-target.ts';
import { type EnforcementJob, isInHand } from '../domain/enforcement-job.ts';

/** A wireless controller is one NAS with all the stations of a site: it may have nearly all. */
const SHARE = 3 / 4;
/** Of all those together of which a job waits because no answer came. */
const SHARE_OF_SILENT = 1 / 4;

export class NasShares {
  readonly #inHandPerSite: number;
  readonly #inHand = new Map<string, number>();
  readonly #silent: ReadonlySet<string>;

  /** @param open every job of the site that has not ended */
  constructor(inHandPerSite: number, open: readonly EnforcementJob[]) {
    this.#inHandPerSite = inHandPerSite;
    for (const job of open) if (isInHand(job)) this.#add(job, 1);
    this.#silent = new Set(open.filter(({ outcome }) => outcome === 'no-answer').map(({ nas }) => nasName(nas)));
  }

  /** Takes the first so many out of the list for which their NAS has room; they count as in hand from now on. */
  take<T extends { readonly job: EnforcementJob }>(due: T[], most: number): T[] {
    const taken: T[] = [];
    const left: T[] = [];
    for (const one of due.splice(0)) {
      const fits = taken.length < most && this.#hasRoom(one.job);
      (fits ? taken : left).push(one);
      if (fits) this.#add(one.job, 1);
    }
    due.push(...left);
    return taken;
  }

  /** It was not queued after all. */
  giveBack(job: EnforcementJob): void {
    this.#add(job, -1);
  }

  #hasRoom({ nas }: EnforcementJob): boolean {
    const name = nasName(nas);
    if (this.#silent.has(name)) {
      const together = Math.max(1, Math.floor(this.#inHandPerSite * SHARE_OF_SILENT));
      // One that may be back is tried with one job.
      return this.#inHandOfSilent() < together && (this.#inHand.get(name) ?? 0) < 1;
    }
    return (this.#inHand.get(name) ?? 0) < Math.max(1, Math.ceil(this.#inHandPerSite * SHARE));
  }

  #inHandOfSilent(): number {
    return [...this.#silent].reduce((sum, name) => sum + (this.#inHand.get(name) ?? 0), 0);
  }

  #add({ nas }: EnforcementJob, count: number): void {
    const name = nasName(nas);
    this.#inHand.set(name, (this.#inHand.get(name) ?? 0) + count);
  }
}
