// How many of a site's jobs in flight may be for one NAS, and for all NASes together that do not answer: a request
// without an answer takes half a minute, a NAS may have hundreds of stations, and a power cut takes many NASes at once.

import { nasName } from '../domain/coa/coa-target.ts';
import { type EnforcementJob, isInFlight, type JobStage } from '../domain/coa/enforcement-job.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';

/** A wireless controller is one NAS with all the stations of a site: it may have nearly all. */
const SHARE = 3 / 4;
/** Of all those together of which a job waits because no answer came. */
const SHARE_OF_SILENT = 1 / 4;
/** A NAS that is alive answers within milliseconds, or after a retransmission or two. */
const ANSWERS_WITHIN_MS = 5_000;

export class NasShares {
  readonly #inFlightPerSite: number;
  readonly #inFlight = new Map<string, number>();
  readonly #silent: ReadonlySet<string>;
  #room: number;

  /** @param open every job of the site that has not ended */
  constructor(inFlightPerSite: number, open: readonly EnforcementJob[], now: Instant) {
    this.#inFlightPerSite = inFlightPerSite;
    for (const job of open) if (isInFlight(job)) this.#add(job, 1);
    this.#silent = silentNases(open, now);
    // Jobs that most likely get no answer take no room from the others, until they are as many as may be in flight.
    const inVain = open.filter((job) => waitsInVain(job, now)).length;
    this.#room = inFlightPerSite - open.filter(isInFlight).length + Math.min(inVain, inFlightPerSite);
  }

  /** Takes the first so many out of the list for which their NAS has room; they count as in flight from now on. */
  take<T extends { readonly job: EnforcementJob }>(due: T[], most: number): T[] {
    const taken: T[] = [];
    const left: T[] = [];
    for (const one of due.splice(0)) {
      const fits = taken.length < most && this.#room > 0 && this.#hasRoom(one.job);
      (fits ? taken : left).push(one);
      if (!fits) continue;
      this.#add(one.job, 1);
      this.#room -= 1;
    }
    due.push(...left);
    return taken;
  }

  /** It was not queued after all. */
  giveBack(job: EnforcementJob): void {
    this.#add(job, -1);
    this.#room += 1;
  }

  #hasRoom({ nas }: EnforcementJob): boolean {
    const name = nasName(nas);
    if (this.#silent.has(name)) {
      const together = Math.max(1, Math.floor(this.#inFlightPerSite * SHARE_OF_SILENT));
      // One that may be back is tried with one job.
      return this.#inFlightOfSilent() < together && (this.#inFlight.get(name) ?? 0) < 1;
    }
    return (this.#inFlight.get(name) ?? 0) < Math.max(1, Math.ceil(this.#inFlightPerSite * SHARE));
  }

  #inFlightOfSilent(): number {
    return [...this.#silent].reduce((sum, name) => sum + (this.#inFlight.get(name) ?? 0), 0);
  }

  #add({ nas }: EnforcementJob, count: number): void {
    const name = nasName(nas);
    this.#inFlight.set(name, (this.#inFlight.get(name) ?? 0) + count);
  }
}

/** NASes that have left a job without an answer, or keep one waiting, and have answered no other job since. */
function silentNases(open: readonly EnforcementJob[], now: Instant): Set<string> {
  const askedAt = new Map<string, Instant>();
  const answeredAt = new Map<string, Instant>();
  for (const job of open) {
    const isSilent = job.outcome === 'no-answer' || waitsInVain(job, now);
    if (isSilent) keepLatest(askedAt, job, lastStep(job, 'sent') ?? job.decidedAt);
    else keepLatest(answeredAt, job, lastStep(job, 'acknowledged'));
  }
  return new Set([...askedAt].filter(([nas, at]) => (answeredAt.get(nas) ?? '') <= at).map(([nas]) => nas));
}

/** By our clock: the relay's may be off. */
function waitsInVain(job: EnforcementJob, now: Instant): boolean {
  const queuedAt = lastStep(job, 'queued');
  return job.stage === 'sent' && queuedAt !== undefined && addMilliseconds(queuedAt, ANSWERS_WITHIN_MS) <= now;
}

function lastStep({ steps }: EnforcementJob, wanted: JobStage): Instant | undefined {
  return steps.findLast(({ stage }) => stage === wanted)?.at;
}

function keepLatest(times: Map<string, Instant>, { nas }: EnforcementJob, at: Instant | undefined): void {
  const name = nasName(nas);
  if (at !== undefined && at > (times.get(name) ?? '')) times.set(name, at);
}
