// An enforcement job: the intention that a connected station gets another answer than it was told, and its life until
// that is proven or given up.
//
// decided -> queued -> taken -> sent -> acknowledged -> reauthenticated -> proven
//                                   \-> refused | no-answer (then queued again, as the next attempt)
// superseded: a newer job is about the same session; expired: too old to be worth a try.
//
// A job never moves backward: (attempt, stage) only grows.

import type { CoaAction, CoaNas, CoaOutcome, CoaReport, CoaSession } from './coa-job.ts';
import type { Outcome } from './decision.ts';
import type { DeviceKey } from './device.ts';
import { addMilliseconds, type Instant } from './instant.ts';
import { formatMacAddress } from './mac-address.ts';
import type { Session } from './session.ts';

/** In the order in which one attempt goes through them. */
export const JOB_STAGES = [
  'decided',
  'queued',
  'taken',
  'sent',
  /** The NAS said no; `errorCause` says why. */
  'refused',
  /** Silence, or no NAS to ask; there may be another attempt. */
  'no-answer',
  'acknowledged',
  /** The station asked again after the CoA. */
  'reauthenticated',
  /** It was told what it should be told. */
  'proven',
  'superseded',
  'expired',
] as const;
export type JobStage = (typeof JOB_STAGES)[number];

const FINAL_STAGES: readonly JobStage[] = ['refused', 'proven', 'superseded', 'expired'];
/** Stages in which the site's queue or relay has the job in hand. */
const IN_HAND_STAGES: readonly JobStage[] = ['queued', 'taken', 'sent'];

/** After this the station has most likely asked again by itself, or is gone. */
const JOB_LIFE_MS = 60 * 60_000;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** Error-Causes that pass: 505 Other Proxy Processing Error, 506 Resources Unavailable (RFC 5176 section 3.5). */
const PASSING_ERROR_CAUSES = [505, 506];

export interface JobStep {
  readonly stage: JobStage;
  readonly attempt: number;
  readonly at: Instant;
}

export interface EnforcementJob {
  /** Newest first when sorted; made of the time decided, the session, and the version that made the difference. */
  readonly id: string;
  readonly site: string;
  readonly sessionId: string;
  readonly device?: DeviceKey;
  readonly action: CoaAction;
  /** Into quarantine goes before out of it. */
  readonly urgent: boolean;
  readonly reason: string;
  readonly told: Outcome;
  /** What the station should be told; absent when an operator asked for a re-authentication, whatever it brings. */
  readonly wanted?: Outcome;
  readonly session: CoaSession;
  readonly nas: CoaNas;
  readonly decidedAt: Instant;
  readonly expiresAt: Instant;
  readonly attempt: number;
  readonly stage: JobStage;
  readonly nextAttemptAt?: Instant;
  readonly outcome?: CoaOutcome;
  readonly errorCause?: { readonly code: number; readonly name: string };
  readonly hint?: string;
  /** Answers that did not count, by reason: a wrong secret shows here, silence does not. */
  readonly discarded?: Readonly<Record<string, number>>;
  readonly relay?: string;
  readonly steps: readonly JobStep[];
}

export interface JobDecision {
  readonly session: Session;
  readonly wanted?: Outcome;
  readonly device?: DeviceKey;
  /** What made the difference: the device's version, or another word that stays the same when it is decided again. */
  readonly version: string;
  readonly reason: string;
  /** When what made the difference was observed: the same for everybody who decides. */
  readonly decidedAt: Instant;
  readonly now: Instant;
}

/** The same decision about the same session makes the same job, however often it is made. */
export function decideJob({ session, wanted, device, version, reason, decidedAt, now }: JobDecision): EnforcementJob {
  return {
    id: jobId(decidedAt, session.id, version),
    site: session.site,
    sessionId: session.id,
    ...(device && { device: { source: device.source, id: device.id } }),
    action: 'reauthenticate',
    urgent: wanted === undefined || session.decision.standing === 'compliant',
    reason,
    told: session.decision.outcome,
    ...(wanted && { wanted }),
    ...coaPlaceOf(session),
    decidedAt,
    expiresAt: addMilliseconds(now, JOB_LIFE_MS),
    attempt: 1,
    stage: 'decided',
    steps: [{ stage: 'decided', attempt: 1, at: decidedAt }],
  };
}

/** The same job once more, decided now. */
export function renewJob(job: EnforcementJob, now: Instant): EnforcementJob {
  const version = job.id.split('-').slice(2).join('-');
  const steps: JobStep[] = [{ stage: 'decided', attempt: 1, at: now }];
  return { ...job, id: jobId(now, job.sessionId, version), decidedAt: now, steps };
}

export function isFinal(job: EnforcementJob): boolean {
  return FINAL_STAGES.includes(job.stage);
}

/** The NAS did as it was told. Where no other answer is wanted, that is all there is to reach. */
export function wasAcknowledged({ steps }: EnforcementJob): boolean {
  return steps.some(({ stage }) => stage === 'acknowledged');
}

export function isInHand(job: EnforcementJob): boolean {
  return IN_HAND_STAGES.includes(job.stage);
}

/** True when the job may go into its site's queue now. */
export function isDue(job: EnforcementJob, now: Instant): boolean {
  if (job.stage === 'decided') return true;
  return job.stage === 'no-answer' && job.nextAttemptAt !== undefined && job.nextAttemptAt <= now;
}

/** The job one step on, or the same job when that would be a step back. */
export function advance(job: EnforcementJob, stage: JobStage, at: Instant, attempt = job.attempt): EnforcementJob {
  const further =
    !isFinal(job) &&
    (attempt > job.attempt || (attempt === job.attempt && JOB_STAGES.indexOf(stage) > JOB_STAGES.indexOf(job.stage)));
  return further ? { ...job, stage, attempt, steps: [...job.steps, { stage, attempt, at }] } : job;
}

/** What a relay's report makes of the job. Reports of earlier attempts and repeated ones change nothing. */
export function applyReport(job: EnforcementJob, report: CoaReport, now: Instant): EnforcementJob {
  // A later attempt than is written down was sent all the same: the write after it came too late, or never.
  if (report.attempt < job.attempt) return job;
  const stage = stageOf(report);
  const next = advance(job, stage, report.at, report.attempt);
  if (next === job) return job;
  const { outcome, errorCause, hint, discarded, nextAttemptAt, ...rest } = next;
  return {
    ...rest,
    relay: report.relay,
    ...(report.outcome && { outcome: report.outcome }),
    ...(report.errorCause && { errorCause: report.errorCause }),
    ...(report.hint && { hint: report.hint }),
    ...(report.discarded && { discarded: report.discarded }),
    ...(stage === 'no-answer' && { nextAttemptAt: addMilliseconds(now, retryDelayMs(report.attempt)) }),
  };
}

/** The next attempt of a job that is due: a message of its own, so that duplicate detection lets it pass. */
export function queuedAttempt(job: EnforcementJob): number {
  return job.stage === 'no-answer' ? job.attempt + 1 : job.attempt;
}

function stageOf(report: CoaReport): JobStage {
  if (report.stage !== 'finished') return report.stage;
  switch (report.outcome) {
    case 'acknowledged':
      return 'acknowledged';
    case 'expired':
      return 'expired';
    case 'refused':
      return PASSING_ERROR_CAUSES.includes(report.errorCause?.code ?? 0) ? 'no-answer' : 'refused';
    case 'not-possible':
      return 'refused';
    default:
      return 'no-answer';
  }
}

function retryDelayMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 3 ** (attempt - 1), LONGEST_RETRY_MS);
}

/** Time counted backwards first, so that the newest job is the first row. */
function jobId(decidedAt: Instant, sessionId: string, version: string): string {
  return `${9_999_999_999_999 - Date.parse(decidedAt)}-${sessionId}-${version}`;
}

/**
 * The session and its NAS by the newest word of them. What accounting knows of the session (its Acct-Session-Id, the
 * address as the NAS writes it) also counts after a later answer at the same NAS; after one at another NAS it is over.
 */
export function coaPlaceOf(session: Session): { readonly session: CoaSession; readonly nas: CoaNas } {
  const { accounting, decision } = session;
  const lookedUp = { session: lookupSession(session), nas: lookupNas(session) };
  if (accounting === undefined) return lookedUp;
  const { mac, userName } = session;
  const accounted = { ...(userName && { userName }), ...(mac && { callingStationId: formatMacAddress(mac) }) };
  if (accounting.at >= decision.decidedAt.slice(0, 19)) {
    return { session: { ...accounted, ...accounting.coa }, nas: accounting.nas };
  }
  if (!sameNas(lookedUp.nas, accounting.nas)) return lookedUp;
  return { session: { ...lookedUp.session, ...accounting.coa }, nas: lookedUp.nas };
}

export function sameNas(a: CoaNas, b: CoaNas): boolean {
  if (a.nasIpAddress !== undefined || b.nasIpAddress !== undefined) return a.nasIpAddress === b.nasIpAddress;
  if (a.nasIpv6Address !== undefined || b.nasIpv6Address !== undefined) return a.nasIpv6Address === b.nasIpv6Address;
  return a.nasIdentifier === b.nasIdentifier;
}

/** RFC 3580 3.21 writes the address in upper case with hyphens, and a NAS may compare it letter by letter. */
function lookupSession({ userName, mac, calledStationId, acctSessionId, nasPortId }: Session): CoaSession {
  return {
    ...(userName !== undefined && { userName }),
    ...(mac !== undefined && { callingStationId: formatMacAddress(mac) }),
    ...(calledStationId !== undefined && { calledStationId }),
    ...(acctSessionId !== undefined && { acctSessionId }),
    ...(nasPortId !== undefined && { nasPortId }),
  };
}

function lookupNas({ nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp }: Session): CoaNas {
  return {
    ...(nasIpAddress !== undefined && { nasIpAddress }),
    ...(nasIpv6Address !== undefined && { nasIpv6Address }),
    ...(nasIdentifier !== undefined && { nasIdentifier }),
    ...(packetSourceIp !== undefined && { packetSourceIp }),
  };
}
