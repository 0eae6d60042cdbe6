// Which sessions have an answer that policy no longer gives: after a change of a device, after any other reason to look
// at a session, and for all of them in the reconciliation, which finds what the fast path missed.

import { concurrently } from '../concurrently.ts';
import { decideJob, type EnforcementJob, hasFailed, isFinal, renewJob } from '../domain/coa/enforcement-job.ts';
import type { CoaAction } from '../domain/coa-job.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import type { DeviceChange } from '../domain/device/device-change.ts';
import { identityText } from '../domain/identity/identity.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { sameOutcome } from '../domain/policy/decision.ts';
import { type AnswerNow, versionOfRecords } from '../domain/session/answer-now.ts';
import { answersInEffect } from '../domain/session/answers-in-effect.ts';
import { answerRestsOn, identitiesBehind } from '../domain/session/presented-devices.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type ConcernedSessionsDeps, concernedSessions } from './concerned-sessions.ts';
import type { OpenJob } from './open-jobs.ts';
import type { SiteKeyOf } from './site-keys.ts';

export interface DecideJobsDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly devices?: Pick<DeviceStore, 'noteReauthentication'>;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly siteKeyOf: SiteKeyOf;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReauthenticationDeps extends DecideJobsDeps {
  readonly devices: Pick<DeviceStore, 'noteReauthentication'>;
}

/** Sessions compared at once. */
const SESSIONS_AT_ONCE = 8;

/** All jobs of a change are in the outbox when this resolves; doing it again makes none twice. */
export async function decideJobsForChange(
  deps: DecideJobsDeps & ConcernedSessionsDeps,
  change: DeviceChange,
): Promise<number> {
  const sessions = await concernedSessions(deps, change);
  const decided = await concurrently(sessions, SESSIONS_AT_ONCE, (session) => decideFor(deps, session, { change }));
  return decided.filter(Boolean).length;
}

/** No change is known, but the session may get another answer. */
export function decideJobForSession(deps: DecideJobsDeps, session: Session): Promise<boolean> {
  return decideFor(deps, session, { again: true });
}

/** @param open jobs of the session that have not ended: one that brings what is wanted now is as good as another */
export function compareSession(deps: DecideJobsDeps, session: Session, open: readonly OpenJob[]): Promise<boolean> {
  return decideFor(deps, session, { open, again: true });
}

/** An operator, what for, and the sites that the operator may act on. */
export interface OperatorRequest {
  readonly by: string;
  readonly action: CoaAction;
  readonly sites: Sites;
}

/**
 * An operator wants the station to authenticate again, or off the network, even if its answer stays the same. The
 * lookup knows first, so that it writes down that the station has asked.
 */
export async function decideReauthentication(
  deps: ReauthenticationDeps,
  key: DeviceKey,
  { by, action, sites }: OperatorRequest,
): Promise<string[]> {
  const now = toInstant(deps.clock.now());
  await deps.devices.noteReauthentication(key, now);
  const live = (await deps.sessions.listByDevice(key)).filter(
    (session) => isConnected(session, now) && includesSite(sites, session.site),
  );
  const jobs = await concurrently(live, SESSIONS_AT_ONCE, async (session) =>
    decideJob({
      session,
      siteKey: await deps.siteKeyOf(session.site),
      action,
      device: key,
      version: action === 'disconnect' ? 'disconnect' : 'operator',
      reason: action === 'disconnect' ? `disconnected by ${by}` : `asked for by ${by}`,
      decidedAt: now,
      now,
    }),
  );
  await concurrently(jobs, SESSIONS_AT_ONCE, (job) => deps.jobs.create(job));
  return jobs.map(({ id }) => id);
}

/** One of the answers that a NAS may act on, and what the same question would be answered now. */
export interface Comparison {
  readonly session: Session;
  readonly now: AnswerNow;
}

interface Difference {
  readonly has: Session;
  readonly wanted: AnswerNow;
}

/**
 * @returns the first answer in effect that policy no longer gives, with what is wanted instead: the answer of the
 * moment for the credential that rules the session; `undefined` when all of them are still given
 */
export async function findDifference(
  decideAgain: DecideJobsDeps['decideAgain'],
  session: Session,
  now: Instant,
): Promise<Difference | undefined> {
  let ruling: AnswerNow | undefined;
  for (const answered of answersInEffect(session, now)) {
    const answer = await decideAgain(answered);
    ruling ??= answer;
    if (!sameOutcome(answered.decision.outcome, answer.outcome)) return { has: answered, wanted: ruling };
  }
  return undefined;
}

interface DecisionMoment {
  /** What made us look. */
  readonly change?: DeviceChange;
  /** Jobs of the session that are open already. */
  readonly open?: readonly OpenJob[];
  /** Whether the same decision is made once more where its job failed. */
  readonly again?: boolean;
}

async function decideFor(deps: DecideJobsDeps, session: Session, moment: DecisionMoment): Promise<boolean> {
  const now = toInstant(deps.clock.now());
  if (!isConnected(session, now)) return false;
  const difference = await findDifference((answered) => decideAndNote(deps, answered, now), session, now);
  if (difference === undefined) return false;
  if (await isUnderWay(deps, session, difference.wanted, moment.open)) return false;
  await noteUnseen(deps, difference, now);
  const job = newJob(difference, moment, now, await deps.siteKeyOf(session.site));
  const created = (await deps.jobs.create(job)) || (moment.again === true && (await createAgain(deps, job, now)));
  if (created) {
    deps.log.info('enforcement.decided', { job: job.id, site: job.site, reason: job.reason, urgent: job.urgent });
  }
  return created;
}

/**
 * Where the answer would rest on another device by now, or the device has lost an identity that another one may get,
 * changes of those are to lead to the session. One that came before they did is seen by the second look.
 */
async function decideAndNote(deps: DecideJobsDeps, answered: Session, now: Instant): Promise<AnswerNow> {
  const answer = await deps.decideAgain(answered);
  const { device, beside = [] } = answer;
  const known = new Set(identitiesBehind(answered).map(identityText));
  const lost = beside.filter((identity) => !known.has(identityText(identity)));
  const records = device === undefined ? [] : [device, ...(device.joined ?? [])];
  const found = records.filter((record) => !answerRestsOn(answered, record));
  if (found.length === 0 && lost.length === 0) return answer;
  await deps.sessions.noteWays(answered.id, { devices: found, identities: lost }, now);
  return deps.decideAgain(answered);
}

/**
 * Another device may have got an identity of the station, or an override came or went, and nothing of its own has
 * changed: its next question must not be answered from what an instance remembers, unwritten, of before.
 */
async function noteUnseen({ devices }: DecideJobsDeps, { has, wanted }: Difference, now: Instant): Promise<void> {
  const { device, override } = has.decision;
  const isSeen = has.presented.beside === undefined && override === undefined && wanted.override === undefined;
  if (device === undefined || isSeen) return;
  await devices?.noteReauthentication({ source: device.source, id: device.id }, now);
}

/**
 * What an operator asked for wants no particular answer, and is over with its ACK: it is no reason to wait. And a job
 * may have ended since the open ones were read: one that failed is listed until the next comparison, any other covers
 * nothing.
 */
async function isUnderWay(
  { jobs }: DecideJobsDeps,
  { site }: Session,
  { outcome }: AnswerNow,
  open: readonly OpenJob[] = [],
): Promise<boolean> {
  for (const { id, wanted } of open) {
    if (wanted === undefined || !sameOutcome(wanted, outcome)) continue;
    const now = await jobs.read(site, id);
    if (now !== undefined && (!isFinal(now.job) || hasFailed(now.job))) return true;
  }
  return false;
}

/** Named after what was observed and answered, so that poll and reconciliation come to the same job. */
function newJob(
  { has, wanted }: Difference,
  { change }: DecisionMoment,
  now: Instant,
  siteKey: string | undefined,
): EnforcementJob {
  const device = wanted.device ?? change ?? has.decision.device;
  const { standing, decidedAt: answeredAt } = has.decision;
  const observedAt = wanted.device?.observedAt ?? change?.observedAt ?? now;
  return decideJob({
    session: has,
    siteKey,
    wanted: wanted.outcome,
    standing: wanted.standing,
    ...(device && { device }),
    version: answerVersion(wanted),
    reason: `${standing} -> ${wanted.standing} (${wanted.rule})`,
    // Where the policy moved and not the device, its observation may be months old.
    decidedAt: observedAt > answeredAt ? observedAt : answeredAt,
    now,
  });
}

/** What made the difference: every process that decides again gets the same one. */
export function answerVersion({ device, standing, override }: AnswerNow): string {
  const version = device ? versionOfRecords(device) : standing;
  return override === undefined ? version : `${version}_${override}`;
}

/** The job has ended without its effect: another one, decided now, takes its place. */
async function createAgain({ jobs }: DecideJobsDeps, job: EnforcementJob, now: Instant): Promise<boolean> {
  const existing = await jobs.read(job.site, job.id);
  if (existing === undefined || !isFinal(existing.job)) return false;
  return jobs.create(renewJob(job, now));
}
