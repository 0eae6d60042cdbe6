// RADIUS accounting: where a session is now, and whether it still is (RFC 2866).

import type { CoaNas, CoaSession } from '../coa-job.ts';
import { type Instant, millisecondsBetween } from '../instant.ts';
import { sameData } from '../same-data.ts';
import type { AccountingEvent } from './accounting-event.ts';
import {
  asEarlier,
  type EarlierQuestion,
  earlierOf,
  isOnlyLate,
  replacedWithoutStop,
  withEarlier,
} from './earlier-sessions.ts';
import type { EarlierSession, SessionAccounting } from './session-accounting.ts';

/** Interim-Updates that change nothing are written this often, as a sign of life. */
const SIGN_EVERY_MS = 60 * 60_000;

/** What the words of a place are, and not of one session there. */
const PLACE_NAMES = ['callingStationId', 'calledStationId', 'nasPort', 'nasPortId'] as const;

/**
 * What the event makes of the session's accounting; `undefined` when it is late, repeated, about an earlier session of
 * the station at this place, or not worth a write. Records of one Acct-Session-Id are ordered by the time of the event,
 * others by their arrival. A late record still fills in what is not known.
 * A session that was replaced counts no more: its Stop is noted, and nothing else that comes late of it.
 * @param asked the newest question of the station at this place
 */
export function applyAccounting(
  current: SessionAccounting | undefined,
  event: AccountingEvent,
  asked: EarlierQuestion = {},
): SessionAccounting | undefined {
  if (current === undefined) return fromEvent(event);
  const isOther =
    current.acctSessionId !== undefined &&
    event.acctSessionId !== undefined &&
    current.acctSessionId !== event.acctSessionId;
  if (isOther) return replaced(current, event, asked);
  const next = isLate(current, event) ? filledIn(current, event) : merged(current, event);
  if (next.status === 'stopped' && current.status !== 'stopped')
    return withoutCurrent(next, event.receivedAt, asked) ?? next;
  if (!sameButTime(current, next)) return next;
  // The first word after an answer says whether the NAS acts on it, though it says what it said before.
  const { answeredAt } = asked;
  if (answeredAt !== undefined && arrivalOf(current) < answeredAt && arrivalOf(next) >= answeredAt) return next;
  return millisecondsBetween(arrivalOf(current), arrivalOf(next)) >= SIGN_EVERY_MS ? next : undefined;
}

function fromEvent(event: AccountingEvent): SessionAccounting {
  return {
    status: event.status === 'Stop' ? 'stopped' : 'started',
    at: event.at,
    receivedAt: event.receivedAt,
    since: event.at,
    ...(event.acctSessionId !== undefined && { acctSessionId: event.acctSessionId }),
    nas: nasOf(event),
    coa: coaSessionOf(event),
    ...(event.class !== undefined && { class: event.class }),
  };
}

/**
 * Another session of the station at the same place: of the earlier one only the words of the place stay, and its name.
 */
function replaced(
  current: SessionAccounting,
  event: AccountingEvent,
  asked: EarlierQuestion,
): SessionAccounting | undefined {
  const known = earlierOf(current, event.acctSessionId);
  if (event.status === 'Stop') return noted(current, event, known);
  if (known !== undefined && isOnlyLate(known, current, event, asked)) return undefined;
  // What has stopped may have done so after the other one began: their order is that of their beginnings.
  const isOurWord = current.status === 'stopped' || current.supposed === true;
  const reached = isOurWord ? (current.since ?? '') : arrivalOf(current);
  if (event.receivedAt < reached || event.at < (current.since ?? '')) return undefined;
  const next = fromEvent(event);
  const left = asEarlier(current, event.receivedAt);
  const others = current.earlier?.filter((one) => one !== known);
  return {
    ...next,
    nas: { ...current.nas, ...next.nas },
    coa: { ...placeWordsOf(current), ...next.coa },
    ...(left !== undefined && { earlier: withEarlier(others, left) }),
  };
}

/** A Stop is about what is over already: what else comes of that session is late, if its time alone does not say so. */
function noted(
  current: SessionAccounting,
  { acctSessionId = '', at, receivedAt }: AccountingEvent,
  known: EarlierSession | undefined,
): SessionAccounting | undefined {
  if (known?.stopped || (known === undefined && at < (current.since ?? ''))) return undefined;
  const over: EarlierSession = { replacedAt: receivedAt, ...known, acctSessionId, at, stopped: true };
  return { ...current, earlier: withEarlier(current.earlier, over) };
}

/**
 * The session that the current one replaced lately and of which no Stop is known: where the current one ends, the
 * station may be there still under the other name.
 * @param current as it ended @param now by our clock
 */
export function withoutCurrent(
  current: SessionAccounting,
  now: Instant,
  asked: EarlierQuestion = {},
): SessionAccounting | undefined {
  const left = replacedWithoutStop(current, now, asked);
  if (left === undefined) return undefined;
  const { acctSessionId, at, since, class: carried } = left;
  const over = asEarlier({ ...current, status: 'stopped' }, now);
  const others = current.earlier?.filter((one) => one !== left);
  const { userName, callingStationId } = current.coa;
  return {
    status: 'started',
    at,
    receivedAt: now,
    supposed: true,
    ...(since !== undefined && { since }),
    acctSessionId,
    nas: current.nas,
    coa: withoutAbsent({ userName, callingStationId, ...placeWordsOf(current), acctSessionId }),
    ...(carried !== undefined && { class: carried }),
    ...(over && { earlier: withEarlier(others, over) }),
  };
}

function placeWordsOf({ coa }: SessionAccounting): CoaSession {
  return Object.fromEntries(PLACE_NAMES.flatMap((name) => (coa[name] === undefined ? [] : [[name, coa[name]]])));
}

/** An event before the newest; and any event but a Stop in the second of the Stop, which has ended the session. */
function isLate(current: SessionAccounting, event: AccountingEvent): boolean {
  return current.status === 'stopped' && event.status !== 'Stop' ? event.at <= current.at : event.at < current.at;
}

function merged(current: SessionAccounting, event: AccountingEvent): SessionAccounting {
  const next = fromEvent(event);
  const { supposed: _, ...known } = current;
  return {
    ...known,
    ...next,
    since: current.since ?? event.at,
    nas: { ...current.nas, ...next.nas },
    coa: { ...current.coa, ...next.coa },
  };
}

function filledIn(current: SessionAccounting, event: AccountingEvent): SessionAccounting {
  const late = fromEvent(event);
  return {
    ...current,
    ...(current.acctSessionId === undefined && late.acctSessionId && { acctSessionId: late.acctSessionId }),
    nas: { ...late.nas, ...current.nas },
    coa: { ...late.coa, ...current.coa },
  };
}

function arrivalOf({ receivedAt, at }: SessionAccounting): Instant {
  return receivedAt ?? at;
}

export function nasOf({ nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp }: AccountingEvent): CoaNas {
  return withoutAbsent({ nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp });
}

function coaSessionOf(event: AccountingEvent): CoaSession {
  const { userName, callingStationId, calledStationId, acctSessionId, acctMultiSessionId } = event;
  const { auditSessionId, framedIpAddress, nasPort, nasPortId } = event;
  return withoutAbsent({
    userName,
    callingStationId,
    calledStationId,
    acctSessionId,
    acctMultiSessionId,
    auditSessionId,
    framedIpAddress,
    nasPort,
    nasPortId,
  });
}

function sameButTime(a: SessionAccounting, b: SessionAccounting): boolean {
  const timeless = (one: SessionAccounting): object => ({ ...one, at: '', receivedAt: '' });
  return sameData(timeless(a), timeless(b));
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
