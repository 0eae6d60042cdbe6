// Which sessions were told something that policy no longer says: after a change of a device, and for all of them each
// polling interval, which finds whatever the fast path missed.

import type { Outcome } from '../domain/decision.ts';
import type { DeviceKey } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import { decideJob, type EnforcementJob, isFinal, renewJob, wasAcknowledged } from '../domain/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock, JobStore, Logger, SessionStore } from '../ports.ts';

/** What the lookup would answer now. */
export interface AnswerNow {
  readonly outcome: Outcome;
  readonly standing: string;
  readonly rule: string;
  readonly device?: DeviceKey & { readonly version: number; readonly observedAt: Instant };
}

export interface DecideJobsDeps {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** All jobs of a change are in the outbox when this resolves; doing it again makes none twice. */
export async function decideJobsForChange(deps: DecideJobsDeps, change: DeviceChange): Promise<number> {
  let decided = 0;
  for (const session of await deps.sessions.listByDevice(change)) {
    if (await decideFor(deps, session, { change })) decided += 1;
  }
  return decided;
}

/** @returns how many jobs were missing */
export async function reconcileSessions(deps: DecideJobsDeps): Promise<number> {
  const open = new Map<string, EnforcementJob>();
  for await (const { job } of deps.jobs.listOpen()) open.set(job.sessionId, job);
  let decided = 0;
  for await (const session of deps.sessions.listAll()) {
    if (await decideFor(deps, session, { underWay: open.get(session.id), again: true })) decided += 1;
  }
  if (decided > 0) deps.log.warn('enforcement.reconciled', { jobs: decided });
  return decided;
}

/** An operator wants the station to authenticate again, whatever it will be told. */
export async function decideReauthentication(deps: DecideJobsDeps, key: DeviceKey): Promise<string[]> {
  const now = toInstant(deps.clock.now());
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

/** Named after the observation, so that poll and reconciliation come to the same job. */
function newJob(session: Session, answer: AnswerNow, { change }: Occasion, now: Instant): EnforcementJob {
  const device = answer.device ?? change ?? session.decision.device;
  return decideJob({
    session,
    wanted: answer.outcome,
    ...(device && { device }),
    version: answer.device ? `v${answer.device.version}` : answer.standing,
    reason: `${session.decision.standing} -> ${answer.standing} (${answer.rule})`,
    decidedAt: answer.device?.observedAt ?? change?.observedAt ?? now,
    now,
  });
}

/** The job came to an end without its end: another one, of this moment. */
async function createAgain({ jobs }: DecideJobsDeps, job: EnforcementJob, now: Instant): Promise<boolean> {
  const existing = await jobs.read(job.site, job.id);
  if (existing === undefined || !isFinal(existing.job)) return false;
  return jobs.create(renewJob(job, now));
}

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.verdict === 'deny' || b.verdict === 'deny') return a.verdict === b.verdict;
  return a.role === b.role && a.vlan === b.vlan;
}
