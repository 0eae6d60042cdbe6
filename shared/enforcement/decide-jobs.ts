// Which sessions were told something that policy no longer says: after a change of a device, and for all of them each
// polling interval, which finds whatever the fast path missed.

import { concurrently } from '../concurrently.ts';
import type { AnswerNow } from '../domain/answer-now.ts';
import { sameOutcome } from '../domain/decision.ts';
import type { DeviceKey } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import { decideJob, type EnforcementJob, isFinal, renewJob, wasAcknowledged } from '../domain/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { walkSessions } from '../walk-sessions.ts';

export interface DecideJobsDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReauthenticationDeps extends DecideJobsDeps {
  readonly devices: Pick<DeviceStore, 'noteReauthentication'>;
}

/** Sessions compared at once. */
const SESSIONS_AT_ONCE = 8;

/** All jobs of a change are in the outbox when this resolves; doing it again makes none twice. */
export async function decideJobsForChange(deps: DecideJobsDeps, change: DeviceChange): Promise<number> {
  const sessions = await deps.sessions.listByDevice(change);
  const decided = await concurrently(sessions, SESSIONS_AT_ONCE, (session) => decideFor(deps, session, { change }));
  return decided.filter(Boolean).length;
}

/** Nothing is known to have changed, but the session may be answered otherwise all the same. */
export function decideJobForSession(deps: DecideJobsDeps, session: Session): Promise<boolean> {
  return decideFor(deps, session, {});
}

/** @returns how many jobs were missing */
export async function reconcileSessions(deps: DecideJobsDeps): Promise<number> {
  const open = new Map<string, EnforcementJob>();
  for await (const { job } of deps.jobs.listOpen()) open.set(job.sessionId, job);
  let decided = 0;
  for await (const session of walkSessions(deps.sessions)) {
    if (await decideFor(deps, session, { underWay: open.get(session.id), again: true })) decided += 1;
  }
  if (decided > 0) deps.log.warn('enforcement.reconciled', { jobs: decided });
  return decided;
}

/**
 * An operator wants the station to authenticate again, whatever it will be told. The lookup knows first, so that it writes
 * down that the station has asked even if it is told the same as before.
 */
export async function decideReauthentication(deps: ReauthenticationDeps, key: DeviceKey): Promise<string[]> {
  const now = toInstant(deps.clock.now());
  await deps.devices.noteReauthentication(key, now);
  const live = (await deps.sessions.listByDevice(key)).filter((session) => isLive(session, now));
  const jobs = live.map((session) =>
    decideJob({ session, device: key, version: 'operator', reason: 'asked for by an operator', decidedAt: now, now }),
  );
  for (const job of jobs) await deps.jobs.create(job);
  return jobs.map(({ id }) => id);
}

interface Occasion {
  /** What made us look. */
  readonly change?: DeviceChange;
  /** A job of the session that is open already. */
  readonly underWay?: EnforcementJob | undefined;
  /** Whether the same decision is made once more where it came to nothing. */
  readonly again?: boolean;
}

async function decideFor(deps: DecideJobsDeps, session: Session, occasion: Occasion): Promise<boolean> {
  const now = toInstant(deps.clock.now());
  if (!isLive(session, now)) return false;
  const answer = await deps.decideAgain(session);
  if (sameOutcome(session.decision.outcome, answer.outcome)) return false;
  if (occasion.underWay && isAsGood(occasion.underWay, answer)) return false;
  const job = newJob(session, answer, occasion, now);
  const created = (await deps.jobs.create(job)) || (occasion.again === true && (await createAgain(deps, job, now)));
  if (created) {
    deps.log.info('enforcement.decided', { job: job.id, site: job.site, reason: job.reason, urgent: job.urgent });
  }
  return created;
}

/** An open job that an operator asked for brings the answer of the moment, too, until the NAS has acted on it. */
function isAsGood(underWay: EnforcementJob, answer: AnswerNow): boolean {
  return underWay.wanted === undefined ? !wasAcknowledged(underWay) : sameOutcome(underWay.wanted, answer.outcome);
}

/** Named after what was observed and told, so that poll and reconciliation come to the same job. */
function newJob(session: Session, answer: AnswerNow, { change }: Occasion, now: Instant): EnforcementJob {
  const device = answer.device ?? change ?? session.decision.device;
  const { standing, decidedAt: toldAt } = session.decision;
  const observedAt = answer.device?.observedAt ?? change?.observedAt ?? now;
  return decideJob({
    session,
    wanted: answer.outcome,
    ...(device && { device }),
    version: answerVersion(answer),
    reason: `${standing} -> ${answer.standing} (${answer.rule})`,
    // Where the policy moved and not the device, its observation may be months old.
    decidedAt: observedAt > toldAt ? observedAt : toldAt,
    now,
  });
}

/** What made the difference: the same for everybody who decides again. */
export function answerVersion({ device, standing }: AnswerNow): string {
  return device ? `v${device.version}` : standing;
}

/** The job came to an end without its end: another one, of this moment. */
async function createAgain({ jobs }: DecideJobsDeps, job: EnforcementJob, now: Instant): Promise<boolean> {
  const existing = await jobs.read(job.site, job.id);
  if (existing === undefined || !isFinal(existing.job)) return false;
  return jobs.create(renewJob(job, now));
}
