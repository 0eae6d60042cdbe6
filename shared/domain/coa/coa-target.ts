// Where a CoA about a session goes, and how the NAS there knows the session.

import type { CoaNas, CoaSession } from '../coa-job.ts';
import { formatMacAddress } from '../mac-address.ts';
import { mayBeSameNas } from '../place.ts';
import type { Answer, Session } from '../session/session.ts';
import type { SessionAccounting } from '../session/session-accounting.ts';

/** Names of one session of the NAS; those of an earlier one name nothing any more. */
const SESSION_NAMES = ['acctSessionId', 'acctMultiSessionId', 'auditSessionId', 'framedIpAddress'] as const;

/**
 * The place of the session, with all that lookup and accounting know of it; where both say something, the newer word by
 * our clock counts. Where the newer word is about another session of the NAS, the names of the earlier one are left
 * out.
 */
export function coaTargetOf(session: Session): { readonly session: CoaSession; readonly nas: CoaNas } {
  const { accounting, decision, mac } = session;
  const newest = newestAnswer(session);
  const lookedUp = lookupSession(session, newest);
  const address = mac !== undefined ? { callingStationId: formatMacAddress(mac) } : {};
  if (accounting === undefined) return { session: { ...lookedUp, ...address }, nas: lookupNas(session) };
  const askedAt = newest?.decision.decidedAt ?? decision.decidedAt;
  const accountingIsNewer = (accounting.receivedAt ?? accounting.at) >= askedAt.slice(0, 19);
  // Rows of the version before follow a station that roamed: nothing of the NAS that it left counts at the next one.
  if (!mayBeSameNas(lookupNas(session), accounting.nas)) {
    if (!accountingIsNewer) return { session: { ...lookedUp, ...address }, nas: lookupNas(session) };
    const { userName } = session;
    const known = { ...(userName !== undefined && { userName }), ...address };
    return { session: { ...known, ...accounting.coa }, nas: accounting.nas };
  }
  const [older, newer] = accountingIsNewer ? [lookedUp, accounting.coa] : [accounting.coa, lookedUp];
  const isOther =
    newer.acctSessionId !== undefined &&
    older.acctSessionId !== undefined &&
    newer.acctSessionId !== older.acctSessionId;
  // The station has asked since, and its question need not name the session that it has by now.
  const isOver = !accountingIsNewer && isOfTheEnded(session, accounting);
  const kept = isOther || isOver ? withoutSessionNames(older) : older;
  // The address in the NAS's own notation is in accounting, even where the question is newer.
  const { callingStationId = address.callingStationId } = accounting.coa;
  const nas = accountingIsNewer
    ? { ...lookupNas(session), ...accounting.nas }
    : { ...accounting.nas, ...lookupNas(session) };
  return { session: { ...kept, ...newer, ...(callingStationId !== undefined && { callingStationId }) }, nas };
}

/** Unique among the NASes of a site: the IPv4 address; else the IPv6 address; else the NAS-Identifier. */
export function nasName({ nasIpAddress, nasIpv6Address, nasIdentifier }: CoaNas): string {
  return nasIpAddress ?? nasIpv6Address ?? (nasIdentifier === undefined ? '' : `NAS-Identifier ${nasIdentifier}`);
}

/** The session that accounting named has stopped, or its NAS has restarted since. */
function isOfTheEnded({ nasRestartedAt = '' }: Session, { status, receivedAt, at }: SessionAccounting): boolean {
  return status === 'stopped' || (receivedAt ?? at) < nasRestartedAt;
}

function withoutSessionNames(session: CoaSession): CoaSession {
  return Object.fromEntries(
    Object.entries(session).filter(([name]) => !SESSION_NAMES.some((sessionName) => sessionName === name)),
  );
}

/** The newest one, where its question named another session of the NAS than that of the answer that rules. */
function newestAnswer({ answers, acctSessionId }: Session): Answer | undefined {
  const [newest] = answers;
  const isOther = newest?.acctSessionId !== undefined && acctSessionId !== undefined;
  return isOther && newest.acctSessionId !== acctSessionId ? newest : undefined;
}

/** The session that the newest question named, for a CoA about any of its answers: the NAS has that one. */
function lookupSession(session: Session, newest: Answer | undefined): CoaSession {
  const { userName, calledStationId, nasPortId } = session;
  const { acctSessionId, acctMultiSessionId, auditSessionId } = newest ?? session;
  return {
    ...(userName !== undefined && { userName }),
    ...(calledStationId !== undefined && { calledStationId }),
    ...(acctSessionId !== undefined && { acctSessionId }),
    ...(acctMultiSessionId !== undefined && { acctMultiSessionId }),
    ...(auditSessionId !== undefined && { auditSessionId }),
    ...(nasPortId !== undefined && { nasPortId }),
  };
}

function lookupNas({ nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp }: Session): CoaNas {
  return {
    ...(nasIpAddress !== undefined && { nasIpAddress }),
    ...(nasIpv6Address !== undefined && { nasIpv6Address }),
    ...(nasIdentifier !== undefined && { nasIdentifier }),
    ...(packetSourceIp !== undefined && { packetSourceIp }),
  };
}
