// Accounting: starts, moves and ends sessions. A record may come late, twice or out of order; only newer ones count.

import { type AccountingEvent, applyAccounting, nasOf } from '../domain/accounting.ts';
import type { Client } from '../domain/client.ts';
import { coaPlaceOf, sameNas } from '../domain/coa-place.ts';
import { type Session, sessionId } from '../domain/session.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { RecentAnswer, RecentAnswers } from '../ports/recent-answers.ts';
import type { SessionStore } from '../ports/session-store.ts';

export interface AccountingDeps {
  readonly sessions: SessionStore;
  readonly recentAnswers: RecentAnswers;
}

export interface AccountingResult {
  /** Sessions that now stand differently. */
  readonly changed: number;
}

export async function recordAccounting(
  { sessions, recentAnswers }: AccountingDeps,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<AccountingResult> {
  if (event.status === 'Accounting-On' || event.status === 'Accounting-Off') {
    return { changed: await endSessionsOfNas({ sessions, recentAnswers }, client.site, event) };
  }
  const id = event.class?.slice(0, 20) ?? (await findSession(sessions, client, event, options));
  const edit = (session: Session) =>
    // A Class may be copied from another site: a site speaks of its own sessions only.
    session.site !== client.site || isAboutAnEarlierOne(session, event)
      ? undefined
      : applyAccounting(session.accounting, event);
  const written = await sessions.updateAccounting(id, edit, options);
  // The next answer, even the same one, is of a new session of the station, or says that it has come back: it must be seen to.
  if (written && (event.status === 'Stop' || isElsewhere(recentAnswers.get(id), event))) recentAnswers.forget(id);
  return { changed: written ? 1 : 0 };
}

/** The station was answered at another NAS than the one that speaks of it now. */
function isElsewhere(recent: RecentAnswer | undefined, event: AccountingEvent): boolean {
  return recent !== undefined && !sameNas(coaPlaceOf(recent.session).nas, nasOf(event));
}

/**
 * Without Class: by the NAS's own names of the session, which it also put into the question, else by the station. The
 * station's session is read first, since it nearly always is the one that the names lead to.
 */
async function findSession(
  sessions: SessionStore,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<string> {
  const ofStation = sessionId(client, event);
  const names = [event.auditSessionId, event.acctMultiSessionId].filter((name) => name !== undefined);
  if (names.length === 0) return ofStation;
  const session = await sessions.read(ofStation, options);
  const known = [session?.auditSessionId, session?.acctMultiSessionId];
  const unnamed = known.every((name) => name === undefined);
  if (session !== undefined && (unnamed || names.some((name) => known.includes(name)))) return ofStation;
  return (await sessions.findByAccountingIds(client.site, names, options)) ?? ofStation;
}

/** The NAS ends a session that has been replaced by another of the same station: the newest question came with another name. */
function isAboutAnEarlierOne({ auditSessionId, decision }: Session, event: AccountingEvent): boolean {
  return (
    event.status === 'Stop' &&
    event.class !== decision.id &&
    auditSessionId !== undefined &&
    event.auditSessionId !== undefined &&
    event.auditSessionId !== auditSessionId
  );
}

/** The NAS has restarted, or is about to: it knows none of the sessions it had until then (RFC 2866 5.1). */
async function endSessionsOfNas(
  { sessions, recentAnswers }: AccountingDeps,
  site: string,
  event: AccountingEvent,
): Promise<number> {
  let ended = 0;
  for await (const { id, ...listed } of sessions.listAll()) {
    if (listed.site !== site || !wasAtNas({ id, ...listed }, event)) continue;
    const changed = await sessions.updateAccounting(id, (session) => {
      if (session.accounting?.status === 'stopped' || !wasAtNas(session, event)) return undefined;
      const place = coaPlaceOf(session);
      return { ...(session.accounting ?? { nas: place.nas, coa: place.session }), status: 'stopped', at: event.at };
    });
    if (!changed) continue;
    recentAnswers.forget(id);
    ended += 1;
  }
  return ended;
}

/** By the newest word of where the session is, and only if that word is older than the restart. */
function wasAtNas(session: Session, event: AccountingEvent): boolean {
  const { accounting, decision } = session;
  const newest = accounting !== undefined && accounting.at > decision.decidedAt ? accounting.at : decision.decidedAt;
  if (newest.slice(0, 19) > event.at.slice(0, 19)) return false;
  const { nasIpAddress, nasIpv6Address, nasIdentifier } = event;
  if (nasIpAddress === undefined && nasIpv6Address === undefined && nasIdentifier === undefined) return false;
  return sameNas(coaPlaceOf(session).nas, {
    ...(nasIpAddress !== undefined && { nasIpAddress }),
    ...(nasIpv6Address !== undefined && { nasIpv6Address }),
    ...(nasIdentifier !== undefined && { nasIdentifier }),
  });
}
