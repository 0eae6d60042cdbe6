// RADIUS accounting: where a session is now, and whether it still is (RFC 2866).

import type { CoaNas, CoaSession } from './coa-job.ts';
import { type Instant, millisecondsBetween } from './instant.ts';
import type { NasLocation } from './nas-location.ts';
import { sameData } from './same-data.ts';

export const ACCOUNTING_STATUSES = ['Start', 'Stop', 'Interim-Update', 'Accounting-On', 'Accounting-Off'] as const;
export type AccountingStatus = (typeof ACCOUNTING_STATUSES)[number];

export interface AccountingEvent extends NasLocation {
  readonly status: AccountingStatus;
  /** When it happened, by our clock as well as it can be known; never later than `receivedAt`. */
  readonly at: Instant;
  /** When the record arrived, by our clock: at the site's proxy where it says how long ago that was, else here. */
  readonly receivedAt: Instant;
  /** How far the proxy's clock is ahead of ours, where it says what time it has. */
  readonly proxyClockAheadMs?: number;
  readonly userName?: string;
  readonly callingStationId?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  readonly auditSessionId?: string;
  readonly framedIpAddress?: string;
  readonly nasPort?: number;
  /** The Class attribute of the permit, as text: the id of the decision the session runs on. */
  readonly class?: string;
}

/** What accounting says of a session, put together from its records: what one says stays when a later one says less. */
export interface SessionAccounting {
  readonly status: 'started' | 'stopped';
  /** Time of the newest event that counted. */
  readonly at: Instant;
  /** When the newest record that counted arrived, by our clock. Absent in rows from before it was kept. */
  readonly receivedAt?: Instant;
  /** Time of the first event with this Acct-Session-Id. */
  readonly since?: Instant;
  readonly acctSessionId?: string;
  readonly nas: CoaNas;
  readonly coa: CoaSession;
  /** Decision that the session's Class names. */
  readonly class?: string;
  /** When the NAS said that it knows no such session (Error-Cause 503). What it says of it later speaks against that. */
  readonly notFoundAt?: Instant;
}

/** Interim-Updates that change nothing are written this often, as a sign of life. */
const SIGN_EVERY_MS = 60 * 60_000;

/** What the words of a place are, and not of one session there. */
const PLACE_NAMES = ['callingStationId', 'calledStationId', 'nasPort', 'nasPortId'] as const;

/**
 * What the event makes of the session's accounting; `undefined` when it is late, repeated, about an earlier session of
 * the station at this place, or not worth a write. Records of one Acct-Session-Id are ordered by the time of the event,
 * others by their arrival. A late record still fills in what is not known.
 * @param answeredAt when the station got its newest answer
 */
export function applyAccounting(
  current: SessionAccounting | undefined,
  event: AccountingEvent,
  answeredAt?: Instant,
): SessionAccounting | undefined {
  if (current === undefined) return fromEvent(event);
  const isOther =
    current.acctSessionId !== undefined &&
    event.acctSessionId !== undefined &&
    current.acctSessionId !== event.acctSessionId;
  if (isOther) return replaced(current, event);
  const next = isLate(current, event) ? filledIn(current, event) : merged(current, event);
  if (!sameButTime(current, next)) return next;
  // The first word after an answer says whether the NAS acts on it, though it says what it said before.
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

/** Another session of the station at the same place: of the earlier one only the words of the place stay. */
function replaced(current: SessionAccounting, event: AccountingEvent): SessionAccounting | undefined {
  // A Stop is about what is over already.
  if (event.status === 'Stop') return undefined;
  // What has stopped may have done so after the other one began: their order is that of their beginnings.
  const reached = current.status === 'stopped' ? (current.since ?? '') : arrivalOf(current);
  if (event.receivedAt < reached || event.at < (current.since ?? '')) return undefined;
  const next = fromEvent(event);
  const place = PLACE_NAMES.flatMap((name) => (current.coa[name] === undefined ? [] : [[name, current.coa[name]]]));
  return { ...next, nas: { ...current.nas, ...next.nas }, coa: { ...Object.fromEntries(place), ...next.coa } };
}

/** An event before the newest; and one in the second of the Stop, which ends a session whatever else it says then. */
function isLate(current: SessionAccounting, event: AccountingEvent): boolean {
  return current.status === 'stopped' && event.status !== 'Stop' ? event.at <= current.at : event.at < current.at;
}

function merged(current: SessionAccounting, event: AccountingEvent): SessionAccounting {
  const next = fromEvent(event);
  return {
    ...current,
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
