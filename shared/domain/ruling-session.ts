// MAB and 802.1X of one station on one port are one session, and 802.1X wins: NASes try both, often at the same time, and
// keep to what was proven (authentication priority).

import { sameNas } from './coa-place.ts';
import { addMilliseconds, type Instant } from './instant.ts';
import type { Session } from './session.ts';

/** A Session-Timeout is spread by a tenth. */
const SPREAD = 1.1;

/**
 * Which of the two answers a station got the network acts on.
 * @param proven with the newest answer to a question about a certificate or a user whom the site authenticated
 * @param bypass with the newest answer to MAB
 */
export function rulingSession(proven: Session | undefined, bypass: Session | undefined): Session | undefined {
  if (proven === undefined || bypass === undefined) return proven ?? bypass;
  const bypassIsNewer = bypass.decision.decidedAt > proven.decision.decidedAt;
  const newest = bypassIsNewer ? bypass.decision : proven.decision;
  // The Class in accounting says which answer the NAS took, unless it has got another since.
  const { accounting } = proven;
  if (accounting !== undefined && accounting.at >= newest.decidedAt.slice(0, 19)) {
    if (accounting.class === bypass.decision.id) return bypass;
    if (accounting.class === proven.decision.id) return proven;
  }
  return bypassIsNewer && !stillHolds(proven, bypass) ? bypass : proven;
}

/** The port was opened by 802.1X, nobody said that this is over, and its time is not up. */
function stillHolds(proven: Session, bypass: Session): boolean {
  const { decision, accounting } = proven;
  const ended = accounting?.status === 'stopped' && accounting.at >= decision.decidedAt.slice(0, 19);
  return (
    decision.outcome.verdict === 'permit' &&
    !ended &&
    samePort(proven, bypass) &&
    bypass.decision.decidedAt <= endOf(decision.decidedAt, decision.sessionTimeoutSeconds)
  );
}

function samePort(a: Session, b: Session): boolean {
  return sameNas(a, b) && a.nasPortId === b.nasPortId;
}

function endOf(decidedAt: Instant, sessionTimeoutSeconds: number): Instant {
  return addMilliseconds(decidedAt, sessionTimeoutSeconds * SPREAD * 1000);
}
