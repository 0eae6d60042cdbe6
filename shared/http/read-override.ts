// Reads the body of POST /api/overrides: what it is about, block or role, until when, why, and at which site.

import { LONGEST_REASON } from '../domain/audit-entry.ts';
import { isClientOrSiteName } from '../domain/client.ts';
import { distinguishedNameMatches } from '../domain/distinguished-name.ts';
import { isComputerAccount } from '../domain/identity/computer-name.ts';
import { personPart } from '../domain/identity/same-person.ts';
import { addMilliseconds, type Instant, millisecondsBetween } from '../domain/instant.ts';
import { isGroupAddress, parseMacAddress } from '../domain/mac-address.ts';
import { readPlainLine } from '../domain/plain-line.ts';
import {
  certificateSerial,
  LONGEST_BLOCK_MS,
  LONGEST_LET_ON_MS,
  type Override,
  type OverrideEffect,
  type OverrideTarget,
} from '../domain/policy/override.ts';
import { isRoleOrVlan } from '../domain/policy/policy.ts';
import { parseDuration } from '../duration.ts';
import { RequestError } from '../errors.ts';
import { readJsonObject } from './read-json.ts';

/** A device is named as the operator knows it; which one that is, the store says. */
export type RequestedTarget = Exclude<OverrideTarget, { readonly device: unknown }> | { readonly named: string };

export interface OverrideRequest extends Pick<Override, 'effect' | 'site' | 'reason' | 'until'> {
  readonly target: RequestedTarget;
}

const TARGETS = ['device', 'mac', 'certificate', 'user'] as const;
const EFFECTS = ['block', 'role'] as const;
const FIELDS: readonly string[] = [...TARGETS, ...EFFECTS, 'until', 'reason', 'site'];
const EXAMPLE = 'Send {"mac": "…", "block": true, "until": "4h", "reason": "…"}; docs/policy.md has all fields.';

/** RFC 2865 5.1: a User-Name holds at most 253 octets; an issuer is matched as far as policies match theirs. */
const LONGEST_USER = 253;
const LONGEST_ISSUER = 253;
/** Of a name in Intune. */
const LONGEST_NAME = 256;
/** What ends sooner has no time to reach every instance. */
const SHORTEST_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/**
 * @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD
 */
export function readOverrideRequest(body: string, now: Instant): OverrideRequest {
  const fields = readJsonObject(body, EXAMPLE);
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw fieldError(unknown.slice(0, 40), `is not known; known are ${FIELDS.join(', ')}`);
  const target = readTarget(fields);
  const effect = readEffect(fields);
  const isForLetOn = effect.kind === 'let-on';
  if (isForLetOn && 'certificate' in target && target.certificate.issuer === undefined) {
    throw fieldError('certificate.issuer', 'is missing: a serial number alone may be that of any authority');
  }
  const site = fields['site'];
  if (site !== undefined && (typeof site !== 'string' || !isClientOrSiteName(site))) {
    throw fieldError('site', 'must be the name of a site');
  }
  return {
    target,
    effect,
    until: readUntil(fields['until'], now, isForLetOn ? LONGEST_LET_ON_MS : LONGEST_BLOCK_MS),
    reason: readText(fields['reason'], 'reason', LONGEST_REASON),
    ...(site !== undefined && { site }),
  };
}

function readTarget(fields: Record<string, unknown>): RequestedTarget {
  switch (onlyOne(fields, TARGETS)) {
    case 'device':
      return { named: readText(fields['device'], 'device', LONGEST_NAME) };
    case 'mac':
      return { mac: readMac(fields['mac']) };
    case 'user':
      return { user: readUser(fields['user']) };
    case 'certificate':
      return { certificate: readCertificate(fields['certificate']) };
  }
}

function readMac(value: unknown) {
  const mac = typeof value === 'string' ? parseMacAddress(value) : undefined;
  if (mac === undefined) throw fieldError('mac', 'must be a MAC address');
  if (isGroupAddress(mac) || mac === '000000000000') throw fieldError('mac', 'is the address of no station');
  return mac;
}

function readUser(value: unknown): string {
  const user = readText(value, 'user', LONGEST_USER).toLowerCase();
  if (parseMacAddress(user) !== undefined) throw fieldError('user', 'is a MAC address: give it as mac');
  if (personPart(user) === '') throw fieldError('user', 'names a realm and no person');
  if (isComputerAccount(user)) throw fieldError('user', 'is the account of a computer: give it as device');
  return user;
}

function readCertificate(value: unknown): { serial: string; issuer?: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fieldError('certificate', 'must be {"serial": "…", "issuer": "…"}');
  }
  const { serial, issuer, ...more } = value as Record<string, unknown>;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw fieldError(`certificate.${unknown.slice(0, 40)}`, 'is not known');
  const comparable = typeof serial === 'string' ? certificateSerial(serial) : undefined;
  if (comparable === undefined) throw fieldError('certificate.serial', 'must be a serial number in hexadecimal digits');
  if (issuer === undefined) return { serial: comparable };
  const name = readText(issuer, 'certificate.issuer', LONGEST_ISSUER);
  if (/[*?]/.test(name)) throw fieldError('certificate.issuer', 'must name one issuer, without * and ?');
  if (!distinguishedNameMatches(name, name.includes('=') ? name : `CN=${name}`)) {
    throw fieldError('certificate.issuer', 'must be a common name, or parts like CN=…, O=…');
  }
  return { serial: comparable, issuer: name };
}

function readEffect(fields: Record<string, unknown>): OverrideEffect {
  if (onlyOne(fields, EFFECTS) === 'block') {
    if (fields['block'] !== true) throw fieldError('block', 'can only be true: give a role to let on');
    return { kind: 'block' };
  }
  const role = fields['role'];
  if (typeof role !== 'string' || !isRoleOrVlan(role)) throw fieldError('role', 'must be the name of a role');
  return { kind: 'let-on', role };
}

/** A moment in UTC, or how long from now. */
function readUntil(value: unknown, now: Instant, longestMs: number): Instant {
  const text = typeof value === 'string' ? value.trim() : '';
  const duration = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  const until = duration === undefined ? readMoment(text) : fromNow(duration, longestMs, now);
  const left = until === undefined ? Number.NaN : millisecondsBetween(now, until);
  if (until === undefined || Number.isNaN(left)) {
    throw fieldError('until', 'must be a time in UTC like 2026-12-07T08:00:00Z, or how long, like 4h or 3d');
  }
  if (left < SHORTEST_MS) throw fieldError('until', 'is over, or as good as: give a time at least a minute ahead');
  if (left > longestMs) throw fieldError('until', `may be ${longestMs / DAY_MS} days ahead at most`);
  return until;
}

function fromNow(duration: number, longestMs: number, now: Instant): Instant {
  // A time far beyond is no valid date.
  return addMilliseconds(now, Math.min(duration, 2 * longestMs));
}

function readMoment(text: string): Instant | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/.test(text)) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return undefined;
  const moment = at.toISOString();
  // The 31st of February would be another day.
  return moment.slice(0, 10) === text.slice(0, 10) ? moment : undefined;
}

function readText(value: unknown, field: string, longest: number): string {
  const line = readPlainLine(value, longest);
  if ('problem' in line) throw fieldError(field, line.problem);
  return line.text;
}

function onlyOne<T extends string>(fields: Record<string, unknown>, names: readonly T[]): T {
  const [given, ...others] = names.filter((name) => fields[name] !== undefined);
  if (given === undefined || others.length > 0) {
    throw fieldError(others[0] ?? names.join(', '), `must be given alone: one of ${names.join(', ')}`);
  }
  return given;
}

function fieldError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The field ${field} ${problem}.`, { action: EXAMPLE, field });
}
