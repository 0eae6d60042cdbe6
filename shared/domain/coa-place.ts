// Where a CoA about a session has to go, and how the NAS there knows the session.

import type { CoaNas, CoaSession } from './coa-job.ts';
import { formatMacAddress } from './mac-address.ts';
import type { Session } from './session.ts';

/**
 * The session and its NAS by the newest word of them. What accounting knows of the session (its Acct-Session-Id, the
 * address as the NAS writes it) also counts after a later answer at the same NAS; after one at another NAS it is over.
 */
export function coaPlaceOf(session: Session): { readonly session: CoaSession; readonly nas: CoaNas } {
  const { accounting, decision } = session;
  const lookedUp = { session: lookupSession(session), nas: lookupNas(session) };
  if (accounting === undefined) return lookedUp;
  const { mac, userName } = session;
  const accounted = { ...(userName && { userName }), ...(mac && { callingStationId: formatMacAddress(mac) }) };
  if (accounting.at >= decision.decidedAt.slice(0, 19)) {
    return { session: { ...accounted, ...accounting.coa }, nas: accounting.nas };
  }
  if (!sameNas(lookedUp.nas, accounting.nas)) return lookedUp;
  return { session: { ...lookedUp.session, ...accounting.coa }, nas: lookedUp.nas };
}

export function sameNas(a: CoaNas, b: CoaNas): boolean {
  return nasName(a) === nasName(b);
}

/** What tells it apart from the others of its site: its IPv4 address; else its IPv6 address; else how it calls itself. */
export function nasName({ nasIpAddress, nasIpv6Address, nasIdentifier }: CoaNas): string {
  return nasIpAddress ?? nasIpv6Address ?? (nasIdentifier === undefined ? '' : `NAS-Identifier ${nasIdentifier}`);
}

/** RFC 3580 3.21 writes the address in upper case with hyphens, and a NAS may compare it letter by letter. */
function lookupSession({ userName, mac, calledStationId, acctSessionId, nasPortId }: Session): CoaSession {
  return {
    ...(userName !== undefined && { userName }),
    ...(mac !== undefined && { callingStationId: formatMacAddress(mac) }),
    ...(calledStationId !== undefined && { calledStationId }),
    ...(acctSessionId !== undefined && { acctSessionId }),
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
