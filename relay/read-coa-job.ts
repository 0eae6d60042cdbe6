// Reads a CoA job out of a received message. The message is hostile until every field has proved right.

import { isIPv4, isIPv6 } from 'node:net';
import type { CoaJob, CoaNas, CoaSession } from '../shared/domain/coa-job.ts';

export type CoaJobReading =
  | { readonly ok: true; readonly job: CoaJob }
  /** Sentences that name fields, never their values. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Longer ones would make a message id that Service Bus refuses. */
const LONGEST_ID = 100;
/** What a RADIUS attribute can hold. */
const LONGEST_TEXT = 253;
const INSTANT_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

const SESSION_TEXTS = [
  'userName',
  'callingStationId',
  'calledStationId',
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'nasPortId',
] as const satisfies readonly (keyof CoaSession)[];

/** Keeps known fields only. Never throws. */
export function readCoaJob(body: unknown, site: string): CoaJobReading {
  const problems: string[] = [];
  const job = object(body, 'The body', problems);
  const session = object(job['session'], 'session', problems);
  const nas = object(job['nas'], 'nas', problems);
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const { id, attempt, action, decidedAt, expiresAt, site: jobSite } = job;
  check(
    isText(id, LONGEST_ID) && /^[\x21-\x7e]+$/.test(id),
    `id must be up to ${LONGEST_ID} printable ASCII characters.`,
  );
  check(isWhole(attempt, 1, 1_000_000), 'attempt must be a whole number from 1.');
  check(jobSite === site, `site must be ${site}: the job is in the queue of another site.`);
  check(action === 'reauthenticate' || action === 'disconnect', 'action must be reauthenticate or disconnect.');
  check(isInstant(decidedAt), 'decidedAt must be an ISO 8601 time in UTC.');
  check(isInstant(expiresAt), 'expiresAt must be an ISO 8601 time in UTC.');
  for (const key of SESSION_TEXTS) checkText(session[key], `session.${key}`, problems);
  checkText(nas['nasIdentifier'], 'nas.nasIdentifier', problems);
  check(isAddress(session['framedIpAddress'], isIPv4), 'session.framedIpAddress must be an IPv4 address.');
  check(
    session['nasPort'] === undefined || isWhole(session['nasPort'], 0, 0xffff_ffff),
    'session.nasPort must be a whole number of 32 bits.',
  );
  check(isAddress(nas['nasIpAddress'], isIPv4), 'nas.nasIpAddress must be an IPv4 address.');
  check(isAddress(nas['nasIpv6Address'], isIPv6), 'nas.nasIpv6Address must be an IPv6 address.');
  check(
    isAddress(nas['packetSourceIp'], (text) => isIPv4(text) || isIPv6(text)),
    'nas.packetSourceIp must be an IP address.',
  );
  if (problems.length > 0) return { ok: false, problems };
  const sessionKeys = [...SESSION_TEXTS, 'framedIpAddress', 'nasPort'] satisfies readonly (keyof CoaSession)[];
  const nasKeys = ['nasIpAddress', 'nasIpv6Address', 'nasIdentifier', 'packetSourceIp'] satisfies (keyof CoaNas)[];
  return {
    ok: true,
    job: {
      id,
      attempt,
      site,
      action,
      decidedAt,
      expiresAt,
      session: picked(session, sessionKeys),
      nas: picked(nas, nasKeys),
    } as CoaJob,
  };
}

type Unread = Readonly<Record<string, unknown>>;

function object(value: unknown, path: string, problems: string[]): Unread {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)) {
    return value as Unread;
  }
  problems.push(`${path} must be a JSON object.`);
  return {};
}

function checkText(value: unknown, path: string, problems: string[]): void {
  if (value === undefined || isText(value, LONGEST_TEXT)) return;
  problems.push(`${path} must be text of 1 to ${LONGEST_TEXT} octets without control characters.`);
}

function isText(value: unknown, longest: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > longest) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  return Buffer.byteLength(value) <= longest && !/[\u0000-\u001f\u007f]/.test(value);
}

function isWhole(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to;
}

function isInstant(value: unknown): boolean {
  return typeof value === 'string' && INSTANT_FORM.test(value) && !Number.isNaN(Date.parse(value));
}

function isAddress(value: unknown, isOne: (text: string) => boolean): boolean {
  return value === undefined || (typeof value === 'string' && value.length <= 64 && isOne(value));
}

function picked(from: Unread, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}
