// A NAS says that it knows no such session (NAK 503): the station has left, or the request lacks an attribute by which
// this NAS finds sessions. Accounting distinguishes the two, and so does what the NAS has acknowledged before.

import { coaTargetOf } from '../domain/coa/coa-target.ts';
import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import type { CoaReport } from '../domain/coa-job.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { withoutCurrent } from '../domain/session/accounting.ts';
import type { Answer, Session } from '../domain/session/session.ts';
import type { SessionAccounting } from '../domain/session/session-accounting.ts';
import { stationOf } from '../domain/session/session-id.ts';
import { isConnected, REPEATED_UNWRITTEN_MS } from '../domain/session/session-life.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { SessionStore } from '../ports/session-store.ts';

/** RFC 5176 3.5: the NAS does not know the session (any more). */
const SESSION_CONTEXT_NOT_FOUND = 503;

/** How far the clocks of two instances may be apart. */
const CLOCK_SKEW_MS = 30_000;

const MISSING_ATTRIBUTE =
  'The NAS knows no such session, but the station may still be there. Look at the NAS which attributes it finds a session by, and name them in relay.yaml (alsoIdentifyBy, send); then send the job again.';

export interface UnknownSessionDeps {
  readonly sessions: SessionStore;
  readonly devices?: Pick<DeviceStore, 'noteReauthentication'>;
  readonly clock: Clock;
}

export interface SessionJudgement {
  /** The job is over with its session. */
  readonly sessionIsOver: boolean;
  /** Where it may not be. */
  readonly hint?: string;
  /**
   * What follows for the sessions of the station, to be done once the job is written: a round of the timer that saw the
   * end of the session first would end the job without the cause that the NAS gave. Doing it twice does no harm.
   */
  readonly follow: () => Promise<void>;
}

export function isSessionUnknown(report: CoaReport): boolean {
  return report.outcome === 'refused' && report.errorCause?.code === SESSION_CONTEXT_NOT_FOUND;
}

/**
 * If the NAS is believed, the session is over. The station's sessions elsewhere are compared soon: it may be there.
 */
export async function judgeUnknownSession(
  deps: UnknownSessionDeps,
  job: EnforcementJob,
  report: CoaReport,
  now: Instant,
): Promise<SessionJudgement> {
  const { sessions, clock } = deps;
  const session = await sessions.read(job.sessionId);
  const elsewhere = (): Promise<void> => compareElsewhere(sessions, job, toInstant(clock.now()));
  // A report that comes late, or twice, is about an attempt that another one followed: that one says how it is now.
  if (report.attempt < job.attempt) return { sessionIsOver: false, follow: async () => {} };
  if (session === undefined || !isConnected(session, now)) return { sessionIsOver: true, follow: elsewhere };
  if (report.neverAcknowledged || livesOn(session)) {
    return { sessionIsOver: false, hint: MISSING_ATTRIBUTE, follow: async () => {} };
  }
  // The NAS meant a session that was over already, not the one that the station has now.
  if (hasAskedSince(session, job) || hasAnotherName(session, job)) {
    return { sessionIsOver: true, follow: () => sessions.noteToCompare(session.id, now) };
  }
  return {
    sessionIsOver: true,
    async follow() {
      await noteComeback(deps, session, now);
      if (await endSession(sessions, job, now)) await sessions.noteToCompare(session.id, now);
      await elsewhere();
    },
  };
}

/** The NAS did not find it before, and has accounted for it since. */
function livesOn({ accounting }: Session): boolean {
  const { notFoundAt, status, receivedAt, at } = accounting ?? {};
  return notFoundAt !== undefined && status === 'started' && (receivedAt ?? at ?? '') > notFoundAt;
}

/** By any credential: the newest answer is not always the one that rules. */
function hasAskedSince({ answers }: Session, job: EnforcementJob): boolean {
  const queuedAt = job.steps.findLast(({ stage }) => stage === 'queued')?.at ?? job.decidedAt;
  return answers.some(({ decision }) => decision.decidedAt > queuedAt);
}

/** A station that roams fast begins a session without a question: accounting alone says so. */
function hasAnotherName({ accounting }: Session, { session }: EnforcementJob): boolean {
  const now = accounting?.acctSessionId;
  return now !== undefined && session.acctSessionId !== undefined && now !== session.acctSessionId;
}

/** @returns true where the station may be there still, under a name that this one replaced lately */
async function endSession(sessions: SessionStore, job: EnforcementJob, now: Instant): Promise<boolean> {
  let livesOnAsAnother = false;
  await sessions.updateAccounting(job.sessionId, (session) => {
    if (hasAskedSince(session, job) || hasAnotherName(session, job)) return undefined;
    const { accounting, decision } = session;
    const target = coaTargetOf(session);
    const newest = session.answers[0]?.decision.decidedAt ?? decision.decidedAt;
    const at = accounting !== undefined && accounting.at > newest ? accounting.at : newest;
    const ended: SessionAccounting = {
      ...(accounting ?? { nas: target.nas, coa: target.session }),
      status: 'stopped',
      at,
      receivedAt: now,
      notFoundAt: now,
    };
    const other = withoutCurrent(ended, now, {
      ...(session.nasRestartedAt && { nasRestartedAt: session.nasRestartedAt }),
    });
    livesOnAsAnother = other !== undefined;
    return other ?? ended;
  });
  return livesOnAsAnother;
}

/**
 * The station may come back before an instance writes its answer again, and where the NAS does not account for sessions
 * nothing else would say so: its next answer is to be written.
 */
async function noteComeback({ devices }: UnknownSessionDeps, session: Session, now: Instant): Promise<void> {
  const { answers, accounting } = session;
  const isRecent = ({ decision }: Answer): boolean =>
    now < addMilliseconds(decision.decidedAt, REPEATED_UNWRITTEN_MS + CLOCK_SKEW_MS);
  if (accounting !== undefined || !answers.some(isRecent)) return;
  for (const device of answers.flatMap(({ decision }) => decision.device ?? [])) {
    await devices?.noteReauthentication({ source: device.source, id: device.id }, now);
  }
}

async function compareElsewhere(sessions: SessionStore, job: EnforcementJob, now: Instant): Promise<void> {
  for (const other of await sessions.listStation(stationOf(job.sessionId))) {
    if (other.id !== job.sessionId && isConnected(other, now)) await sessions.noteToCompare(other.id, now);
  }
}
