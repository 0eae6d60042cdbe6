// Clocks of relays, as their reports show them: one that is minutes off is logged, and again after a while. It has no
// other effect.

import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import type { CoaReport } from '../domain/coa-job.ts';
import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import type { Logger } from '../ports/telemetry.ts';

/** A relay's clock that is further off than this is named. */
const CLOCK_OFF_MS = 2 * 60_000;
const NAMED_EVERY_MS = 10 * 60_000;
/** More relays than any fleet has; beyond them naming begins again. */
const MOST_RELAYS = 1_000;

export class RelayClocks {
  readonly #log: Logger;
  readonly #namedAt = new Map<string, Instant>();

  constructor(log: Logger) {
    this.#log = log;
  }

  note({ relay, site, at }: CoaReport, job: EnforcementJob, now: Instant): void {
    const aheadMs = aheadOf(at, job, now);
    if (aheadMs === undefined) return;
    const key = JSON.stringify([site, relay]);
    const namedAt = this.#namedAt.get(key);
    if (namedAt !== undefined && Math.abs(millisecondsBetween(namedAt, now)) < NAMED_EVERY_MS) return;
    if (this.#namedAt.size >= MOST_RELAYS) this.#namedAt.clear();
    this.#namedAt.set(key, now);
    this.#log.warn('clock.differs', {
      code: 'NAC_CLOCK',
      action: 'Synchronise the clock of the relay (NTP).',
      relay,
      site,
      aheadSeconds: Math.round(aheadMs / 1000),
    });
  }
}

/**
 * Reports may wait for a while, so two things are sure: what has happened is not later than now, and a relay has done
 * nothing about an attempt before we queued it.
 * @returns milliseconds, below zero when it is behind; `undefined` while it may be right
 */
function aheadOf(at: Instant, { steps }: EnforcementJob, now: Instant): number | undefined {
  const ahead = millisecondsBetween(now, at);
  if (ahead > CLOCK_OFF_MS) return ahead;
  const queuedAt = steps.find(({ stage }) => stage === 'queued')?.at;
  const behind = queuedAt === undefined ? 0 : millisecondsBetween(queuedAt, at);
  return behind < -CLOCK_OFF_MS ? behind : undefined;
}
