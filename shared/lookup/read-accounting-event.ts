// Reads the body of an accounting report: JSON of RADIUS attributes, every value hostile. FreeRADIUS sends empty text for
// absent.

import { ACCOUNTING_STATUSES, type AccountingEvent, type AccountingStatus } from '../domain/accounting.ts';
import type { Instant } from '../domain/instant.ts';
import { NAS_LOCATION_FIELDS } from '../domain/nas-location.ts';
import { fieldError, objectIn, parseJsonBody, texts } from './request-fields.ts';

const TEXT_FIELDS = [
  'userName',
  'callingStationId',
  ...NAS_LOCATION_FIELDS,
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'framedIpAddress',
] as const;

/** RFC 2865 5: an attribute's value has 253 octets at most; Class is sent as two digits for each. */
const LONGEST_ATTRIBUTE = 2 * 253 + 2;

/** A clock that is further ahead than this says nothing about when it happened. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * @param now when the report arrived; stands in for an event time that is missing or impossible
 * @throws RequestError naming the field at fault
 */
export function readAccountingEvent(body: string, now: Instant): AccountingEvent {
  const fields = objectIn(parseJsonBody(body), 'body');
  const attributes = texts(fields, [...TEXT_FIELDS, 'class', 'status', 'eventTime', 'nasPort'], '');
  for (const [name, value] of Object.entries(attributes)) {
    if (value.length > LONGEST_ATTRIBUTE) throw fieldError(name, `has more than ${LONGEST_ATTRIBUTE} characters`);
  }
  const { class: classText, status, eventTime, nasPort, ...rest } = attributes;
  const decision = classText === undefined ? undefined : readClass(classText);
  return {
    ...rest,
    status: readStatus(status),
    at: readTime(eventTime, now),
    ...(nasPort !== undefined && { nasPort: readPort(nasPort) }),
    ...(decision !== undefined && { class: decision }),
  };
}

function readStatus(text: string | undefined): AccountingStatus {
  const status = ACCOUNTING_STATUSES.find((known) => known.toLowerCase() === text?.toLowerCase());
  if (status === undefined) throw fieldError('status', `must be one of ${ACCOUNTING_STATUSES.join(', ')}`);
  return status;
}

/** Seconds since 1970, as Event-Timestamp has them (RFC 2869 5.3). */
function readTime(text: string | undefined, now: Instant): Instant {
  if (text === undefined) return now;
  if (!/^\d{1,10}$/.test(text)) throw fieldError('eventTime', 'must be seconds since 1970');
  const milliseconds = Number(text) * 1000;
  return milliseconds > Date.parse(now) + CLOCK_SKEW_MS ? now : new Date(milliseconds).toISOString();
}

function readPort(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) throw fieldError('nasPort', 'must be a number');
  return Number(text);
}

/** FreeRADIUS prints Class as hexadecimal octets; other classes than ours are somebody else's. */
function readClass(text: string): string | undefined {
  const decoded = /^0x(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text.slice(2), 'hex').toString('latin1') : text;
  return /^[0-9a-f]{20}-[0-9a-z]{1,40}$/.test(decoded) ? decoded : undefined;
}
