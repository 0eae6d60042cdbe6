// Reads a relay's report off the results queue. Relays run on premises: what they send is checked like any other input.

import type { CoaReport } from '../domain/coa-job.ts';
import type { Instant } from '../domain/instant.ts';
import { nasProfileName } from '../domain/nas-profile-name.ts';
import { showable } from '../domain/plain-line.ts';
import { readTraceparent } from '../domain/traceparent.ts';
import { ConnectorError } from '../errors.ts';

const EARLIER_STAGES = ['taken', 'sent'] as const;
const STAGES = [...EARLIER_STAGES, 'finished'] as const;
const OUTCOMES = ['acknowledged', 'refused', 'no-answer', 'unknown-nas', 'not-possible', 'expired'] as const;
const LONGEST_TEXT = 500;

/** @throws ConnectorError NAC_REPORT naming the field at fault */
export function readReport(body: unknown): CoaReport {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const stage = STAGES.find((known) => known === fields['stage']);
  const outcome = OUTCOMES.find((known) => known === fields['outcome']);
  if (stage === undefined) throw reportError('stage');
  if (stage === 'finished' && outcome === undefined) throw reportError('outcome');
  return {
    jobId: text(fields, 'jobId', /^[A-Za-z0-9_.-]{1,200}$/),
    site: text(fields, 'site', /^[a-z0-9][a-z0-9-]{0,39}$/),
    relay: showable(text(fields, 'relay', /^.{1,100}$/)),
    at: instant(fields, 'at'),
    attempt: wholeNumber(fields['attempt'], 'attempt', 1),
    stage,
    ...earlierOf(fields['earlier']),
    ...(outcome && { outcome }),
    ...errorCauseOf(fields['errorCause']),
    ...(fields['neverAcknowledged'] === true && { neverAcknowledged: true as const }),
    ...(typeof fields['hint'] === 'string' && { hint: showable(fields['hint'].slice(0, LONGEST_TEXT)) }),
    ...(fields['transmissions'] !== undefined && {
      transmissions: wholeNumber(fields['transmissions'], 'transmissions'),
    }),
    ...discardedOf(fields['discarded']),
    ...extrasOf(fields),
  };
}

/** Fields for counting and tracing only: a wrong one is left out, and the report counts all the same. */
function extrasOf(fields: Record<string, unknown>): Pick<CoaReport, 'profile' | 'trace'> {
  const profile = nasProfileName(fields['profile']);
  const trace = readTraceparent(fields['trace']);
  return { ...(profile && { profile }), ...(trace && { trace }) };
}

/** Empty where each stage had its own report. */
function earlierOf(value: unknown): Pick<CoaReport, 'earlier'> {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value) || value.length > EARLIER_STAGES.length) throw reportError('earlier');
  const earlier = value.map((step: unknown) => {
    const fields = (typeof step === 'object' && step !== null ? step : {}) as Record<string, unknown>;
    const stage = EARLIER_STAGES.find((known) => known === fields['stage']);
    if (stage === undefined) throw reportError('earlier.stage');
    return { stage, at: instant(fields, 'at') };
  });
  return earlier.length === 0 ? {} : { earlier };
}

function errorCauseOf(value: unknown): Pick<CoaReport, 'errorCause'> {
  if (value === undefined || value === null) return {};
  const { code, name } = value as { code?: unknown; name?: unknown };
  if (typeof name !== 'string') throw reportError('errorCause.name');
  return { errorCause: { code: wholeNumber(code, 'errorCause.code'), name: name.slice(0, 100) } };
}

/** Reasons are the relay's own words for what was wrong with an answer. */
function discardedOf(value: unknown): Pick<CoaReport, 'discarded'> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw reportError('discarded');
  const reasons = Object.entries(value).filter(([reason]) => /^[a-z-]{1,40}$/.test(reason));
  return { discarded: Object.fromEntries(reasons.map(([reason, count]) => [reason, wholeNumber(count, 'discarded')])) };
}

function instant(fields: Record<string, unknown>, field: string): Instant {
  const value = text(fields, field, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  if (Number.isNaN(Date.parse(value))) throw reportError(field);
  return value;
}

function text(fields: Record<string, unknown>, field: string, pattern: RegExp): string {
  const value = fields[field];
  if (typeof value !== 'string' || !pattern.test(value)) throw reportError(field);
  return value;
}

function wholeNumber(value: unknown, field: string, least = 0): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > 0xffff_ffff)
    throw reportError(field);
  return value;
}

function reportError(field: string): ConnectorError {
  return new ConnectorError(
    'NAC_REPORT',
    `A message on the results queue is no report: ${field} is missing or wrong.`,
    {
      action: 'Only relays may send to the results queue: look who else has the right to.',
      field,
    },
  );
}
