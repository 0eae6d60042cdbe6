// RADIUS accounting: where a session is now, and whether it still is (RFC 2866).

import type { CoaNas, CoaSession } from './coa-job.ts';
import { type Instant, millisecondsBetween } from './instant.ts';
import type { NasLocation } from './nas-location.ts';

export const ACCOUNTING_STATUSES = ['Start', 'Stop', 'Interim-Update', 'Accounting-On', 'Accounting-Off'] as const;
export type AccountingStatus = (typeof ACCOUNTING_STATUSES)[number];

export interface AccountingEvent extends NasLocation {
  readonly status: AccountingStatus;
  /** When it happened at the NAS, not when it was delivered. */
  readonly at: Instant;
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

/** What accounting says of a session. The newest event decides; it may come from another NAS than the permit went to. */
export interface SessionAccounting {
  readonly status: 'started' | 'stopped';
  /** Time of the newest event that counted. */
  readonly at: Instant;
  /** Time of the first event with this Acct-Session-Id. */
  readonly since?: Instant;
  readonly acctSessionId?: string;
  readonly nas: CoaNas;
  readonly coa: CoaSession;
  /** Decision that the session's Class names. */
  readonly class?: string;
}

/** Interim-Updates that change nothing are written this often, as a sign of life. */
const SIGN_EVERY_MS = 60 * 60_000;

/**
 * What the event makes of the session's accounting; `undefined` when it is late, repeated, about an earlier session of
 * the station, or not worth a write.
 */
export function applyAccounting(
  current: SessionAccounting | undefined,
  event: AccountingEvent,
): SessionAccounting | undefined {
  if (current !== undefined && isOvertaken(current, event)) return undefined;
  const ended = event.status === 'Stop';
  // A station that roams starts at the new NAS before the old one says Stop: that Stop is about what is over already.
  if (ended && current?.acctSessionId !== undefined && current.acctSessionId !== event.acctSessionId) return undefined;
  const next: SessionAccounting = {
    status: ended ? 'stopped' : 'started',
    at: event.at,
    since: current?.acctSessionId === event.acctSessionId ? (current?.since ?? event.at) : event.at,
    ...(event.acctSessionId !== undefined && { acctSessionId: event.acctSessionId }),
    nas: nasOf(event),
    coa: coaSessionOf(event),
    ...(event.class !== undefined && { class: event.class }),
  };
  if (current === undefined || !sameButTime(current, next)) return next;
  return millisecondsBetween(current.at, next.at) >= SIGN_EVERY_MS ? next : undefined;
}

/**
 * Late or repeated. Records come out of order: the Start at the NAS a station roamed to may arrive after the Stop of the
 * NAS it left, which happened later; the session of that Start lives on.
 */
function isOvertaken(current: SessionAccounting, event: AccountingEvent): boolean {
  const other = current.acctSessionId !== event.acctSessionId;
  if (current.status === 'stopped' && event.status !== 'Stop') {
    return other ? event.at < (current.since ?? '') : event.at <= current.at;
  }
  return event.at < current.at;
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
  return JSON.stringify({ ...a, at: '' }) === JSON.stringify({ ...b, at: '' });
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
