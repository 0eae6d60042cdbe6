// When each relay was heard of last: written once a minute at most, however much it reports.

import type { CoaReport } from '../domain/coa-job.ts';
import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import { textDigest } from '../domain/text-digest.ts';
import { toConnectorError } from '../errors.ts';
import type { CountStore } from '../ports/count-store.ts';
import type { Logger } from '../ports/telemetry.ts';

/** Its figures' names begin so; a hash of site and name follows. */
export const RELAY_FIGURE = 'relay.';

export interface RelayWord {
  readonly site: string;
  readonly relay: string;
  readonly lastReportAt: Instant;
}

const WRITTEN_EVERY_MS = 60_000;
/** More relays than any fleet has; beyond them each is written again. */
const MOST_RELAYS = 1_000;

export class RelayWords {
  readonly #counts: Pick<CountStore, 'writeFigure'>;
  readonly #log: Logger;
  readonly #writtenAt = new Map<string, Instant>();

  constructor(counts: Pick<CountStore, 'writeFigure'>, log: Logger) {
    this.#counts = counts;
    this.#log = log;
  }

  /** It never fails: a report counts whether it is noted who sent it or not. @param report of a job that is there */
  async note({ site, relay }: CoaReport, now: Instant): Promise<void> {
    const name = `${RELAY_FIGURE}${textDigest(JSON.stringify([site, relay]), 16)}`;
    const writtenAt = this.#writtenAt.get(name);
    if (writtenAt !== undefined && Math.abs(millisecondsBetween(writtenAt, now)) < WRITTEN_EVERY_MS) return;
    if (this.#writtenAt.size >= MOST_RELAYS) this.#writtenAt.clear();
    this.#writtenAt.set(name, now);
    try {
      await this.#counts.writeFigure(name, { site, relay, lastReportAt: now } satisfies RelayWord);
    } catch (thrown) {
      const { code, message } = toConnectorError(thrown);
      this.#log.warn('enforcement.relay-not-noted', { code, message, site, relay });
    }
  }
}
