// What a job's stage and the end of its latest attempt mean, and which jobs may be sent again.

import type { JOB_STAGES } from '../../../shared/domain/coa/enforcement-job.ts';
import type { Described } from '../../../shared/http/schema.ts';
import type { JOB } from '../../../shared/http/schemas/job.ts';

export type Job = Described<typeof JOB>;
export type JobStage = (typeof JOB_STAGES)[number];

interface StageWords {
  readonly kind: 'good' | 'warn' | 'bad' | 'info' | 'none';
  readonly word: string;
  readonly means: string;
}

export const STAGES: Readonly<Record<JobStage, StageWords>> = {
  decided: { kind: 'info', word: 'decided', means: 'waits for its turn in the outbox' },
  queued: { kind: 'info', word: 'queued', means: 'lies in the queue of its site' },
  taken: { kind: 'info', word: 'taken', means: 'the relay has it' },
  sent: { kind: 'info', word: 'sent', means: 'the relay has sent the CoA to the NAS' },
  'dead-lettered': { kind: 'bad', word: 'dead-lettered', means: 'the queue gave it up: no relay took it' },
  refused: { kind: 'bad', word: 'refused', means: 'the NAS said no' },
  'no-answer': { kind: 'warn', word: 'no answer', means: 'the NAS is silent; it is tried again' },
  acknowledged: { kind: 'info', word: 'acknowledged', means: 'the NAS took the CoA; the station has not asked yet' },
  answered: { kind: 'good', word: 'answered', means: 'the station asked and got the wanted answer' },
  proven: { kind: 'good', word: 'proven', means: 'accounting carries the Class of the wanted answer' },
  ended: { kind: 'good', word: 'ended', means: 'the session is over' },
  superseded: { kind: 'none', word: 'superseded', means: 'a newer job is about the same session' },
  expired: { kind: 'bad', word: 'expired', means: 'too old to be worth a try' },
};

/** A stage that a newer version knows is shown by its name. */
export function stageWords(stage: string): StageWords {
  return STAGES[stage as JobStage] ?? { kind: 'none', word: stage, means: '' };
}

/** Why the latest attempt failed: the NAS's Error-Cause, else how the attempt ended; empty where nothing failed. */
export function causeOf({ errorCause, outcome }: Job): string {
  if (errorCause !== undefined) return String(errorCause.code);
  return outcome === undefined || outcome === 'acknowledged' || outcome === 'refused' ? '' : outcome;
}

/** RFC 5176 3.5, as the registry of IANA names them; and ends without an answer. */
export const CAUSES: readonly (readonly [string, string])[] = [
  ['no-answer', 'no answer from the NAS'],
  ['unknown-nas', 'the relay knows no such NAS'],
  ['not-possible', 'not possible for this NAS'],
  ['expired', 'its time was up'],
  ['401', '401 Unsupported Attribute'],
  ['402', '402 Missing Attribute'],
  ['403', '403 NAS Identification Mismatch'],
  ['404', '404 Invalid Request'],
  ['405', '405 Unsupported Service'],
  ['406', '406 Unsupported Extension'],
  ['407', '407 Invalid Attribute Value'],
  ['501', '501 Administratively Prohibited'],
  ['502', '502 Request Not Routable'],
  ['503', '503 Session Context Not Found'],
  ['504', '504 Session Context Not Removable'],
  ['505', '505 Other Proxy Processing Error'],
  ['506', '506 Resources Unavailable'],
  ['507', '507 Request Initiated'],
  ['508', '508 Multiple Session Selection Unsupported'],
];

export function causeWords(cause: string): string {
  return CAUSES.find(([value]) => value === cause)?.[1] ?? cause;
}

/** The last one waits for its next attempt: it is made at once. */
const MAY_BE_RESENT: readonly string[] = ['dead-lettered', 'refused', 'expired', 'no-answer'] satisfies JobStage[];

/** It came to nothing so far: the station has its old answer still. */
export function mayBeResent({ stage }: Job): boolean {
  return MAY_BE_RESENT.includes(stage);
}

/**
 * A mark after which the API's list begins with the job: its id begins with a time that counts backwards.
 * @returns `undefined` for what is no id of a job
 */
export function markBefore(id: string): string | undefined {
  const time = /^\d{13}(?=-)/.exec(id)?.[0];
  // No session's id is so short, and the mark sorts before all that begin with it.
  return time === undefined ? undefined : `${time}-0`;
}
