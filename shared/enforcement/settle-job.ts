// The stage of a job, as its session shows it: answered, proven, ended, superseded, expired, or as it was.

import { advance, endUnproven, keepsOldAnswer } from '../domain/coa/advance-job.ts';
import { type EnforcementJob, isFinal, wasAcknowledged } from '../domain/coa/enforcement-job.ts';
import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import { type Decision, type Outcome, sameOutcome } from '../domain/policy/decision.ts';
import { parseDecisionId } from '../domain/policy/decision-id.ts';
import { answersInEffect, effectiveAnswer, fallbackAnswers, questionOf } from '../domain/session/answers-in-effect.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';

/** A NAS that sends Class does so when it applies the answer, or with its next Interim-Update, mostly ten minutes. */
export const PROOF_WAIT_MS = 15 * 60_000;

/** @param newest false when a newer job is about the same session */
export function settleJob(
  job: EnforcementJob,
  session: Session | undefined,
  newest: boolean,
  now: Instant,
): EnforcementJob {
  if (isFinal(job)) return job;
  if (!newest || session === undefined) return advance(job, 'superseded', now);
  const answer = wantedAnswer(job, session, now);
  const settled = answer === undefined ? withoutAnswer(job, now) : settleAnswered(job, answer, session, now);
  if (isFinal(settled)) return settled;
  if (!isConnected(session, now)) return advance(settled, 'ended', now);
  return settled.expiresAt <= now ? expire(settled, now) : settled;
}

/** The answer that the job is about to bring, once the station has got it. */
function wantedAnswer(job: EnforcementJob, session: Session, now: Instant): Decision | undefined {
  const queuedAt = job.steps.findLast(({ stage }) => stage === 'queued')?.at;
  if (job.wanted !== undefined) return wantedAnswerInEffect(job, job.wanted, queuedAt, session, now);
  // What an operator asked for is reached by any answer that came of it.
  const since = queuedAt ?? job.decidedAt;
  const newer = session.answers.find(({ decision }) => decision.decidedAt > since);
  return wasAcknowledged(job) ? newer?.decision : undefined;
}

/**
 * An answer that the NAS does not act on answers nothing: MAB gives way to 802.1X on the same port. And one that came
 * before the CoA leaves the station with what another credential got, as long as that answer is in effect, too.
 */
function wantedAnswerInEffect(
  job: EnforcementJob,
  wanted: Outcome,
  queuedAt: Instant | undefined,
  session: Session,
  now: Instant,
): Decision | undefined {
  const answer = effectiveAnswer({ answers: session.answers, ...withoutClass(session) })?.decision;
  if (answer === undefined || answer.decidedAt <= job.decidedAt || !sameOutcome(answer.outcome, wanted))
    return undefined;
  const isOther = ({ decision }: Pick<Session, 'decision'>): boolean => !sameOutcome(decision.outcome, wanted);
  if (fallbackAnswers(session, now).some(isOther)) return undefined;
  // It counted before: accounting against it now is evidence, and clocks of instances differ a little.
  if (job.stage === 'answered') return answer;
  if (queuedAt !== undefined && answer.decidedAt > queuedAt) return answer;
  return answersInEffect(session, now).some(isOther) ? undefined : answer;
}

/** Which answer rules is decided without the Class of accounting: that is the evidence, and judged apart. */
function withoutClass({ accounting }: Session): Pick<Session, 'accounting'> {
  if (accounting === undefined) return {};
  const { class: _, ...rest } = accounting;
  return { accounting: rest };
}

function settleAnswered(job: EnforcementJob, answer: Decision, session: Session, now: Instant): EnforcementJob {
  const evidence = evidenceOf(session, answer, job);
  const answered = advance(job, 'answered', answer.decidedAt);
  if (evidence === 'wanted') return advance(answered, 'proven', now);
  // An attempt that goes out because accounting spoke against an answer is not done by that answer.
  if (job.stage !== 'answered' && wasAnsweredBefore(job, answer)) return job;
  if (evidence === 'older') return keepsOldAnswer(answered, session.accounting?.class ?? '', now);
  return millisecondsBetween(answer.decidedAt, now) >= PROOF_WAIT_MS ? endUnproven(answered) : answered;
}

/**
 * It was answered, and the station has got another answer since: that one is compared now, and this job covers nothing.
 */
function withoutAnswer(job: EnforcementJob, now: Instant): EnforcementJob {
  return job.stage === 'answered' && job.wanted !== undefined ? advance(job, 'superseded', now) : job;
}

function wasAnsweredBefore({ steps, attempt }: EnforcementJob, { decidedAt }: Decision): boolean {
  return steps.some((step) => step.stage === 'answered' && step.attempt < attempt && step.at >= decidedAt);
}

/** What the network says of the answer: nothing, that it acts on it, or that it acts on an older one. */
function evidenceOf(session: Session, answer: Decision, { wanted }: EnforcementJob): 'wanted' | 'older' | undefined {
  const { accounting } = session;
  if (accounting?.class === undefined) return undefined;
  if (accounting.class === answer.id) return 'wanted';
  if ((accounting.receivedAt ?? accounting.at) <= questionOf(answer)) return undefined;
  const named = session.answers.find(({ decision }) => decision.id === accounting.class)?.decision;
  if (named !== undefined) {
    const asGood = wanted === undefined ? named.decidedAt >= answer.decidedAt : sameOutcome(named.outcome, wanted);
    return asGood ? 'wanted' : 'older';
  }
  // An answer to the same credential that a newer one has taken the place of; what is no id of ours says nothing.
  const parsed = parseDecisionId(accounting.class);
  return parsed !== undefined && parsed.at < answer.decidedAt ? 'older' : undefined;
}

function expire(job: EnforcementJob, now: Instant): EnforcementJob {
  return job.stage === 'answered' && job.keptClass === undefined ? endUnproven(job) : advance(job, 'expired', now);
}
