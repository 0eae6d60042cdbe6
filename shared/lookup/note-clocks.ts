// Clocks of RADIUS servers and NASes that are off are named in the log. No record is ordered by them, but operators
// compare times, and certificates are judged by such clocks.

import type { Client } from '../domain/client.ts';
import { nasName } from '../domain/coa/coa-target.ts';
import { millisecondsBetween } from '../domain/instant.ts';
import { nasOf } from '../domain/session/accounting.ts';
import type { AccountingEvent } from '../domain/session/accounting-event.ts';
import type { NasMemory } from '../ports/nas-memory.ts';
import type { Logger } from '../ports/telemetry.ts';

/** Records take seconds on their way. */
const CLOCK_TOLERANCE_MS = 60_000;
/**
 * A record that is late makes the clock of its NAS look slow. So many, over so long, are not all late: a NAS that sends
 * after an outage what it kept is done within minutes.
 */
const RECORDS_THAT_SHOW = 5;
const TIME_THAT_SHOWS_MS = 10 * 60_000;

export interface ClockDeps {
  readonly nases: NasMemory;
  readonly log: Logger;
}

export function noteClocks(deps: ClockDeps, client: Client, event: AccountingEvent): void {
  noteProxy(deps, client, event);
  noteNas(deps, client, event);
}

function noteProxy({ nases, log }: ClockDeps, { name, site }: Client, event: AccountingEvent): void {
  const aheadMs = event.proxyClockAheadMs ?? 0;
  if (Math.abs(aheadMs) < CLOCK_TOLERANCE_MS || !nases.isNews(`clock of client ${name}`, event.receivedAt)) return;
  log.warn('clock.differs', {
    code: 'NAC_CLOCK',
    action: 'Synchronise the clock of the RADIUS proxy (NTP).',
    client: name,
    site,
    aheadSeconds: Math.round(aheadMs / 1000),
  });
}

/** A record can be late, and never early: one that comes from the future shows a fast clock at once. */
function noteNas({ nases, log }: ClockDeps, { site }: Client, event: AccountingEvent): void {
  const nas = nasOf(event);
  const name = nasName(nas);
  if (event.nasClockAheadMs === undefined || name === '') return;
  const { mostMs, records, since } = nases.noteClock(site, nas, event.nasClockAheadMs, event.receivedAt);
  const isFast = mostMs >= CLOCK_TOLERANCE_MS;
  const isShown = records >= RECORDS_THAT_SHOW && millisecondsBetween(since, event.receivedAt) >= TIME_THAT_SHOWS_MS;
  const isSlow = mostMs <= -CLOCK_TOLERANCE_MS && isShown;
  if ((!isFast && !isSlow) || !nases.isNews(`clock of NAS ${site} ${name}`, event.receivedAt)) return;
  log.warn('clock.differs', {
    code: 'NAC_CLOCK',
    action: 'Synchronise the clock of the NAS (NTP): it judges certificates by it, and its log names other times.',
    nas: name,
    site,
    aheadSeconds: Math.round(mostMs / 1000),
  });
}
