// An enforcement job: the intention that a connected station gets another answer than the one it has, and its life
// until that is proven or given up.
//
// decided -> queued -> taken -> sent -> acknowledged -> answered -> proven
//                                   \-> refused | no-answer (then queued again, as the next attempt) | dead-lettered
// answered -> queued again, where accounting goes on with the Class of an older answer; without any Class it stays.
// ended: the session is over, so no station has the old answer there; superseded: a newer job is about the same
// session, or policy has come back to what the station has; expired: too old to be worth a try. All of them from
// anywhere.

import { hash } from 'node:crypto';
import type { CoaAction, CoaNas, CoaOutcome, CoaSession } from '../coa-job.ts';
import type { DeviceKey } from '../device/device.ts';
import { addMilliseconds, type Instant } from '../instant.ts';
import type { NasProfileName } from '../nas-profile-name.ts';
import type { Decision, Outcome, Standing } from '../policy/decision.ts';
import type { Session } from '../session/session.ts';
import { coaTargetOf } from './coa-target.ts';

/** In the order in which one attempt goes through them. */
export const JOB_STAGES = [
  'decided',
  'queued',
  'taken',
  'sent',
  /** The queue gave the message up; `deadLetter` says why. */
  'dead-lettered',
  /** The NAS said no; `errorCause` says why. */
  'refused',
  /** Silence, or no NAS to ask; there is another attempt. */
  'no-answer',
  'acknowledged',
  /** The station asked, and our answer was the one wanted. Whether the NAS acts on it, only accounting says. */
  'answered',
  /** Accounting carries the Class of an answer with the wanted outcome. */
  'proven',
  /** The session is over: no station is left there with the old answer. */
  'ended',
  'superseded',
  'expired',
] as const;
export type JobStage = (typeof JOB_STAGES)[number];

const FINAL_STAGES: readonly JobStage[] = ['dead-lettered', 'refused', 'proven', 'ended', 'superseded', 'expired'];
/** Final stages that leave the station with its old answer. */
const FAILED_STAGES: readonly JobStage[] = ['dead-lettered', 'refused', 'expired'];
/** Stages in which the site's queue or relay has the job. */
const IN_FLIGHT_STAGES: readonly JobStage[] = ['queued', 'taken', 'sent'];

/** After this the station has most likely asked again by itself, or is gone. */
export const JOB_LIFE_MS = 60 * 60_000;

export interface JobStep {
  readonly stage: JobStage;
  readonly attempt: number;
  readonly at: Instant;
}

export interface EnforcementJob {
  /**
   * Newest first when sorted; made of the time decided, the session, and the version that made the difference; at its
   * end a seal by the site's key, so that only the site's own relay, which reads the job off its queue, can report of
   * it.
   */
  readonly id: string;
  readonly site: string;
  readonly sessionId: string;
  readonly device?: DeviceKey;
  readonly action: CoaAction;
  /** What takes access away goes before what gives it. */
  readonly urgent: boolean;
  readonly reason: string;
  /** What the station has been answered. */
  readonly answered: Outcome;
  /** The answer that the station should get; absent when an operator asked for a re-authentication, with any answer. */
  readonly wanted?: Outcome;
  readonly session: CoaSession;
  readonly nas: CoaNas;
  readonly decidedAt: Instant;
  readonly expiresAt: Instant;
  readonly attempt: number;
  readonly stage: JobStage;
  readonly nextAttemptAt?: Instant;
  /**
   * Accounting carries this Class of an older answer, though the station has got a newer one: it keeps its old access.
   */
  readonly keptClass?: string;
  /** It ended as `answered`: no accounting with a Class came within the time that proof may take. */
  readonly unproven?: true;
  readonly outcome?: CoaOutcome;
  readonly errorCause?: { readonly code: number; readonly name: string };
  readonly hint?: string;
  /** Answers that did not count, by reason: a wrong secret shows here, silence does not. */
  readonly discarded?: Readonly<Record<string, number>>;
  readonly relay?: string;
  /** What the queue said when it gave this attempt's message up. */
  readonly deadLetter?: { readonly attempt: number; readonly reason: string; readonly at: Instant };
  /** W3C traceparent of the decision: what becomes of the job belongs to the same trace. */
  readonly trace?: string;
  /** NAS profile that the relay used, as its report names it; relays of versions before name none. */
  readonly profile?: NasProfileName;
  /** The job that an operator had sent again as this one. */
  readonly resentFrom?: string;
  readonly steps: readonly JobStep[];
}

export interface JobDecision {
  readonly session: Session;
  readonly wanted?: Outcome;
  /** What is done to the session; reauthenticate unless given. */
  readonly action?: CoaAction;
  /** Of the answer that is wanted. */
  readonly standing?: Standing;
  readonly device?: DeviceKey;
  /** What made the difference: the device's version, or another word that stays the same when it is decided again. */
  readonly version: string;
  readonly reason: string;
  /** When what made the difference was observed: every process that decides has the same time. */
  readonly decidedAt: Instant;
  readonly now: Instant;
  readonly resentFrom?: string;
  /** Key of the site's sessions; absent for a site that has none. */
  readonly siteKey?: string | undefined;
}

/** Hexadecimal digits: what an id looks like is known to the site's switches, which see its session as Class. */
const SEAL_DIGITS = 16;

/** The same decision about the same session makes the same job, however often it is made. */
export function decideJob(decision: JobDecision): EnforcementJob {
  const { session, wanted, action = 'reauthenticate', device, reason, decidedAt, now, resentFrom } = decision;
  return {
    id: jobId(decidedAt, session.id, sealed(decision)),
    site: session.site,
    sessionId: session.id,
    ...(device && { device: { source: device.source, id: device.id } }),
    action,
    urgent: wanted === undefined || takesAccessAway(session.decision, wanted, decision.standing),
    reason,
    answered: session.decision.outcome,
    ...(wanted && { wanted }),
    ...coaTargetOf(session),
    decidedAt,
    expiresAt: addMilliseconds(now, JOB_LIFE_MS),
    attempt: 1,
    stage: 'decided',
    ...(resentFrom !== undefined && { resentFrom }),
    steps: [{ stage: 'decided', attempt: 1, at: decidedAt }],
  };
}

/**
 * Which outcome gives more access, only the policy's author knows; a standing that gets worse is what takes it away.
 * Where the standing stays and the policy moved, a station that had the access of a good standing may lose it.
 */
function takesAccessAway(had: Pick<Decision, 'outcome' | 'standing'>, wanted: Outcome, standing?: Standing): boolean {
  if (had.outcome.verdict !== wanted.verdict) return wanted.verdict === 'deny';
  const before = goodness(had.standing);
  return standing === undefined
    ? before > 0
    : goodness(standing) < before || (goodness(standing) === before && before > 0);
}

function goodness(standing: Standing): number {
  if (standing === 'compliant') return 2;
  return standing === 'inGracePeriod' ? 1 : 0;
}

/** The same job once more, decided now. */
export function renewJob(job: EnforcementJob, now: Instant): EnforcementJob {
  const version = job.id.split('-').slice(2).join('-');
  const steps: JobStep[] = [{ stage: 'decided', attempt: 1, at: now }];
  const expiresAt = addMilliseconds(now, JOB_LIFE_MS);
  return { ...job, id: jobId(now, job.sessionId, version), decidedAt: now, expiresAt, steps };
}

export function isFinal(job: EnforcementJob): boolean {
  return FINAL_STAGES.includes(job.stage) || job.unproven === true;
}

/** The job has ended without its effect. */
export function hasFailed(job: EnforcementJob): boolean {
  return FAILED_STAGES.includes(job.stage);
}

/** The NAS acknowledged the CoA. Where no other answer is wanted, that is all there is to reach. */
export function wasAcknowledged({ steps }: EnforcementJob): boolean {
  return steps.some(({ stage }) => stage === 'acknowledged');
}

export function isInFlight(job: EnforcementJob): boolean {
  return IN_FLIGHT_STAGES.includes(job.stage);
}

function sealed({ siteKey, session, version, decidedAt }: JobDecision): string {
  if (siteKey === undefined) return version;
  const text = JSON.stringify([siteKey, session.site, 'job', session.id, version, decidedAt]);
  return `${version}_${hash('sha256', text).slice(0, SEAL_DIGITS)}`;
}

/** Time counted backwards first, so that the newest job is the first row. */
function jobId(decidedAt: Instant, sessionId: string, version: string): string {
  return `${newestFirst(decidedAt)}-${sessionId}-${version}`;
}

/** Thirteen digits that every id of a job begins with, fewer for later moments. */
export function newestFirst(at: Instant): string {
  return String(9_999_999_999_999 - Date.parse(at)).padStart(13, '0');
}
