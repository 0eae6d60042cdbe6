// Who may speak of a session: the NAS that has it. A site's RADIUS server takes accounting from all of its NASes, and
// what a packet names (NAS-IP-Address, NAS-Identifier) any of them can write.

import type { AccountingEvent } from './accounting-event.ts';
import { placeOf, type Session } from './session.ts';

/**
 * A record is believed that
 * - carries a Class of the session: only the NAS that got the answer, and what is on the way to it, knows one
 * - comes from the NAS's own address, or from where a question of the session came
 * - comes from a proxy by which questions for that NAS have come
 * - says nothing of where it comes from, since its RADIUS server never does
 * @param heardFrom sources of questions for that NAS
 */
export function isFromItsNas(session: Session, event: AccountingEvent, heardFrom: readonly string[]): boolean {
  const { packetSourceIp: source, class: carried } = event;
  if (source === undefined) return true;
  if (carried !== undefined && isItsOwn(session, carried)) return true;
  const { nasIpAddress, nasIpv6Address } = placeOf(session);
  if (source === nasIpAddress || source === nasIpv6Address || heardFrom.includes(source)) return true;
  const asked = session.answers.map(({ packetSourceIp }) => packetSourceIp).filter((one) => one !== undefined);
  return asked.length === 0 || asked.includes(source);
}

/** Decisions are named after their session, by digits that are no guess away: they are keyed. */
function isItsOwn({ id, answers }: Session, carried: string): boolean {
  return carried.startsWith(id) || answers.some(({ decision }) => decision.id === carried);
}
