// Which sessions were told something that policy no longer says: after a change of a device, and for all of them each
// polling interval, which finds whatever the fast path missed.

import type { Outcome } from '../domain/decision.ts';
import type { DeviceKey } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import { decideJob, type EnforcementJob } from '../domain/enforcement-job.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { isLive, type Session } from '../domain/session.ts';
import type { Clock, JobStore, Logger, SessionStore } from '../ports.ts';

/** What the lookup would answer now. */
export interface AnswerNow {
  readonly outcome: Outcome;
  readonly standing: string;
  readonly rule: string;
  readonly device?: DeviceKey & { readonly version: number };
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
    if (await decideFor(deps, session, change.observedAt, change)) decided += 1;
  }
  return decided;
}

/** @returns how many jobs were missing */
export async function reconcileSessions(deps: DecideJobsDeps): Promise<number> {
  const open = new Map<string, EnforcementJob>();
  for await (const { job } of deps.jobs.listOpen()) open.set(job.sessionId, job);
  let decided = 0;
  for await (const session of deps.sessions.listAll()) {
    const now = toInstant(deps.clock.now());
    if (await decideFor(deps, session, now, undefined, open.get(session.id))) decided += 1;
  }
  if (decided > 0) deps.log.warn('enforcement.reconciled', { jobs: decided });
  return decided;
}

/** An operator wants the station to authenticate again, whatever it will be told. */
export async function decideReauthentication(deps: DecideJobsDeps, key: DeviceKey): Promise<string[]> {
  const now = toInstant(deps.clock.now());
  const live = (await deps.sessions.listByDevice(key)).filter((session) => isLive(session, now));
  const jobs = live.map((session) =>
    decideJob({ session, device: key, version: 'operator', reason: 'asked for by an operator', decidedAt: now }),
  );
  for (const job of jobs) await deps.jobs.create(job);
  return jobs.map(({ id }) => id);
}

/** @param underWay a job of the session that is open already */
async function decideFor(
  deps: DecideJobsDeps,
  session: Session,
  decidedAt: Instant,
  changed?: DeviceKey,
  underWay?: EnforcementJob,
): Promise<boolean> {
  if (!isLive(session, toInstant(deps.clock.now()))) return false;
  const now = await deps.decideAgain(session);
  if (sameOutcome(session.decision.outcome, now.outcome)) return false;
  // One that an operator asked for brings the answer of the moment, too.
  if (underWay && (underWay.wanted === undefined || sameOutcome(underWay.wanted, now.outcome))) return false;
  const device = now.device ?? changed ?? session.decision.device;
  const job = decideJob({
    session,
    wanted: now.outcome,
    ...(device && { device }),
    version: now.device ? `v${now.device.version}` : now.standing,
    reason: `${session.decision.standing} -> ${now.standing} (${now.rule})`,
    decidedAt,
  });
  const created = await deps.jobs.create(job);
  if (created) {
    deps.log.info('enforcement.decided', { job: job.id, site: job.site, reason: job.reason, urgent: job.urgent });
  }
  return created;
}

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.verdict === 'deny' || b.verdict === 'deny') return a.verdict === b.verdict;
  return a.role === b.role && a.vlan === b.vlan;
}
