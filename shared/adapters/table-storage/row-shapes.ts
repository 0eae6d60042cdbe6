// Whether what stands as JSON in a row is what this product writes there, as far as anything relies on it without a
// question: a row that something else wrote, or that is damaged, is found out when it is read, and not in the middle of
// the work.

import type { EnforcementJob } from '../../domain/coa/enforcement-job.ts';
import { NAS_LOCATION_FIELDS } from '../../domain/nas-location.ts';
import type { PolicyFacts } from '../../domain/policy/policy-facts.ts';
import type { Answer } from '../../domain/session/session.ts';
import type { SessionAccounting } from '../../domain/session/session-accounting.ts';

const ANSWER_TEXTS = [
  ...NAS_LOCATION_FIELDS,
  'userName',
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'method',
] as const satisfies readonly (keyof Answer)[];
const FACT_LISTS = ['users', 'ssids', 'cut', 'methods', 'marks'] as const satisfies readonly (keyof PolicyFacts)[];

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

export function isAnswer(value: unknown): value is Answer {
  return (
    holds(value, { credential: isText, client: optional(isText), presented: isPresented, decision: isDecision }) &&
    allHold(value, ANSWER_TEXTS, isText)
  );
}

export function isSessionAccounting(value: unknown): value is SessionAccounting {
  return holds(value, {
    status: (status) => status === 'started' || status === 'stopped',
    at: isInstant,
    receivedAt: optional(isInstant),
    since: optional(isInstant),
    notFoundAt: optional(isInstant),
    acctSessionId: optional(isText),
    class: optional(isText),
    nas: isObject,
    coa: isObject,
    earlier: optional(listOf(isObject)),
  });
}

/** A job as its row has it: see toEntity of table-job-store.ts. */
export type JobInRow = Omit<EnforcementJob, 'answered'> & { readonly told: EnforcementJob['answered'] };

export function isStoredJob(value: unknown): value is JobInRow {
  return holds(value, {
    id: isText,
    site: isText,
    sessionId: isText,
    stage: isText,
    reason: isText,
    decidedAt: isInstant,
    expiresAt: isInstant,
    nextAttemptAt: optional(isInstant),
    attempt: isNumber,
    told: isOutcome,
    wanted: optional(isOutcome),
    nas: isObject,
    session: isObject,
    errorCause: optional((cause) => holds(cause, { code: isNumber })),
    steps: listOf((step) => holds(step, { stage: isText, attempt: isNumber, at: isInstant })),
  });
}

export function isInstant(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDecision(value: unknown): boolean {
  return holds(value, {
    id: isText,
    decidedAt: isInstant,
    outcome: isOutcome,
    observed: optional(isOutcome),
    rule: isText,
    policyVersion: isText,
    sessionTimeoutSeconds: isDuration,
    standing: isText,
    device: optional((device) => holds(device, { source: isText, id: isText, version: isNumber, identity: isObject })),
    problems: listOf(isText),
    facts: optional(isFacts),
  });
}

/** What of it is asked again: the question, and not the device of that time. */
function isFacts(value: unknown): boolean {
  return (
    holds(value, { mac: optional(isText), certificateIssuer: optional(isText) }) &&
    allHold(value, FACT_LISTS, listOf(isText)) &&
    allHold(value, NAS_LOCATION_FIELDS, isText)
  );
}

function isOutcome(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value['verdict'] === 'deny') return true;
  return value['verdict'] === 'permit' && holds(value, { role: isText, attributes: optional(isObject) });
}

function isPresented(value: unknown): boolean {
  return holds(value, {
    authenticated: (authenticated) => typeof authenticated === 'boolean',
    identities: listOf((identity) => holds(identity, { kind: isText, value: isText })),
    problems: listOf(isText),
  });
}

function holds(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
}

/** Those of the fields that are there. */
function allHold(value: unknown, names: readonly string[], check: Check): boolean {
  return isObject(value) && names.every((name) => optional(check)(value[name]));
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Seconds that can be added to a time. */
function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < 1e9;
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value);
}
