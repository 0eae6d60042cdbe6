// Reads the body of an accounting report: JSON of RADIUS attributes, every value hostile. FreeRADIUS sends empty text
// for absent.

import type { Instant } from '../domain/instant.ts';
import { canonicalAddress } from '../domain/ip-address.ts';
import { NAS_LOCATION_FIELDS, withCanonicalAddresses } from '../domain/nas-location.ts';
import {
  ACCOUNTING_STATUSES,
  type AccountingEvent,
  type AccountingStatus,
} from '../domain/session/accounting-event.ts';
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

const TIME_FIELDS = ['eventTime', 'receivedTime', 'sentTime', 'delayTime'] as const;

/** The longest that a record waits in a spool. An event that is older was stamped by a clock that is years off. */
const LONGEST_WAIT_MS = 7 * 24 * 60 * 60_000;

/**
 * @param now when the report arrived
 * @throws RequestError naming the field at fault
 */
export function readAccountingEvent(body: string, now: Instant): AccountingEvent {
  const fields = objectIn(parseJsonBody(body), 'body');
  const attributes = texts(fields, [...TEXT_FIELDS, 'class', 'status', 'nasPort', ...TIME_FIELDS], '');
  for (const [name, value] of Object.entries(attributes)) {
    if (value.length > LONGEST_ATTRIBUTE) throw fieldError(name, `has more than ${LONGEST_ATTRIBUTE} characters`);
  }
  const { class: classText, status, nasPort, eventTime, receivedTime, sentTime, delayTime, ...rest } = attributes;
  const times = { eventTime, receivedTime, sentTime, delayTime };
  const decision = classText === undefined ? undefined : readClass(classText);
  const { framedIpAddress, ...named } = rest;
  const framed = framedIpAddress === undefined ? undefined : canonicalAddress(framedIpAddress);
  return {
    ...withCanonicalAddresses(named),
    // RFC 2865 5.8: IPv4.
    ...(framed?.includes('.') && { framedIpAddress: framed }),
    status: readStatus(status),
    ...readTimes(times, status, now),
    ...(nasPort !== undefined && { nasPort: readPort(nasPort) }),
    ...(decision !== undefined && { class: decision }),
  };
}

function readStatus(text: string | undefined): AccountingStatus {
  const status = ACCOUNTING_STATUSES.find((known) => known.toLowerCase() === text?.toLowerCase());
  if (status === undefined) throw fieldError('status', `must be one of ${ACCOUNTING_STATUSES.join(', ')}`);
  return status;
}

/**
 * When the record arrived, less what its NAS says that it waited with it, and when the event happened, both by our
 * clock. The proxy says how long it had the record, by its own clock alone, so that neither the NAS's clock nor the
 * proxy's moves a record. Only without the proxy's word the NAS's clock counts, and never beyond our own.
 */
function readTimes(
  fields: { readonly [K in (typeof TIME_FIELDS)[number]]?: string | undefined },
  status: string | undefined,
  now: Instant,
): Pick<AccountingEvent, 'at' | 'receivedAt' | 'proxyClockAheadMs' | 'nasClockAheadMs'> {
  const eventAt = readSeconds('eventTime', fields.eventTime);
  const received = readSeconds('receivedTime', fields.receivedTime);
  const sent = readSeconds('sentTime', fields.sentTime);
  const saidDelayMs = readSeconds('delayTime', fields.delayTime) ?? 0;
  // A NAS that has been trying for longer than any spool holds counts from another time than it should.
  const delayMs = saidDelayMs < LONGEST_WAIT_MS ? saidDelayMs : 0;
  const nowMs = Date.parse(now);
  // Both are whole seconds: what was there for less than two of them may have come this moment.
  const waitedMs = received === undefined ? 0 : boundedWait((sent === undefined ? nowMs : sent - 1000) - received);
  const receivedMs = nowMs - waitedMs;
  const byDelay = receivedMs - delayMs;
  const byNas = eventAt !== undefined && eventAt >= nowMs - LONGEST_WAIT_MS ? Math.min(eventAt, byDelay) : byDelay;
  // A restart is rather too early than too late: it ends what was before it.
  const isRestart = /^accounting-o/i.test(status ?? '');
  const at = received === undefined || isRestart ? byNas : byDelay;
  return {
    at: new Date(at).toISOString(),
    // As if the NAS had not had to wait: what it sends again counts from when it sent it first.
    receivedAt: new Date(byDelay).toISOString(),
    ...(sent !== undefined && { proxyClockAheadMs: sent - nowMs }),
    // Without the proxy's word a record that waited in its spool is as late as one of a NAS that is slow.
    ...(eventAt !== undefined &&
      (received !== undefined || eventAt > byDelay) && { nasClockAheadMs: eventAt - byDelay }),
  };
}

function boundedWait(milliseconds: number): number {
  return Math.min(Math.max(0, milliseconds), LONGEST_WAIT_MS);
}

/** Seconds, as Event-Timestamp (RFC 2869 5.3) and Acct-Delay-Time (RFC 2866 5.2) have them. @returns milliseconds */
function readSeconds(field: (typeof TIME_FIELDS)[number], text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw fieldError(field, 'must be a whole number of seconds');
  return Number(text) * 1000;
}

function readPort(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) throw fieldError('nasPort', 'must be a number');
  return Number(text);
}

/** FreeRADIUS prints Class as hexadecimal octets. A Class of another form is of another server, and left out. */
function readClass(text: string): string | undefined {
  const decoded = /^0x(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text.slice(2), 'hex').toString('latin1') : text;
  return /^[0-9a-f]{20}-[0-9a-z]{1,40}$/.test(decoded) ? decoded : undefined;
}
