// Stores a station's answer with its session, unless this process has stored the very same a moment ago: at most one
// write on the way of an answer, and none for a station that asks every minute for the same.

import { JOB_LIFE_MS } from '../domain/coa/enforcement-job.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import type { NasLocation } from '../domain/nas-location.ts';
import { type Decision, sameAnswer, type UnnamedDecision } from '../domain/policy/decision.ts';
import { sameData } from '../domain/same-data.ts';
import type { AnsweredSession, Session, SessionBeforeAnswer } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { NasMemory } from '../ports/nas-memory.ts';
import type { Random } from '../ports/random.ts';
import type { RecentAnswer, RecentAnswers } from '../ports/recent-answers.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger, Metrics, Privacy } from '../ports/telemetry.ts';

/** An unchanged session is written again after this long, as a sign that it lives. */
const REWRITE_AFTER_MS = 5 * 60_000;
/** A write that was given up may still arrive for so long; what is written meanwhile goes beside it. */
const MAY_ARRIVE_MS = 10 * 60_000;

export interface RememberDeps {
  readonly sessions: SessionStore;
  readonly recentAnswers: RecentAnswers;
  readonly nases: NasMemory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly privacy: Privacy;
  readonly random: Pick<Random, 'hex'>;
  /** Longest time that the writes of one answer may take, all rounds together. */
  readonly writeDeadlineMs: number;
}

/** What makes an answer worth writing though it says nothing new. */
export interface WriteConditions {
  /** Records of the device, where an operator may have asked for its stations; none without a device. */
  readonly records: readonly StoredDevice[];
  /** When the policy came into force: other instances may have given the station another answer meanwhile. */
  readonly since: Instant | '';
  /** Milliseconds that are left of the time for writing. */
  readonly withinMs: number;
  /** The session as it is stored, where another instance may have heard of its end, or answered it, meanwhile. */
  readonly kept?: Promise<Session | undefined> | undefined;
}

export interface Remembered {
  readonly decision: Decision;
  /** `repeated`: this process has written the very same lately. */
  readonly kept: 'written' | 'repeated' | 'failed';
}

/**
 * Writes the session unless this process has written the very same within five minutes; then that decision stands.
 * Where an operator has asked for it to authenticate again, the session shows every time that it does.
 * @param name makes the id of the decision, should it be a new one
 */
export async function rememberAnswer(
  deps: RememberDeps,
  asked: SessionBeforeAnswer,
  answer: UnnamedDecision,
  { records, since, withinMs, kept }: WriteConditions,
  name: () => string,
): Promise<Remembered> {
  const recent = deps.recentAnswers.get(asked.id);
  deps.nases.noteSource(asked.site, asked);
  const restartedAt = deps.nases.restartedAt(asked.site, asked) ?? '';
  const isCurrent =
    recent &&
    isStillRight(recent, asked, answer) &&
    recent.session.decision.decidedAt >= since &&
    recent.session.decision.decidedAt > restartedAt;
  const isRepeated = isCurrent && !records.some((record) => isReauthenticationAskedFor(record, answer.decidedAt));
  if (isRepeated && (kept === undefined || isStillKept(await kept, recent, answer.decidedAt))) {
    // The id of the decision that is stored, with the freshness of this one.
    return { decision: { ...answer, id: recent.session.decision.id }, kept: 'repeated' };
  }
  const session = { ...asked, decision: { ...answer, id: name() } };
  const written = await write(deps, session, withinMs);
  logAnswer(deps, session);
  return { decision: session.decision, kept: written ? 'written' : 'failed' };
}

/**
 * Begins to read the session, where this process would not write its answer again and its NAS accounts for sessions:
 * what another instance heard, or answered, stands in the store alone. Read beside the device, so that no answer waits
 * for it.
 */
export function readKept(
  { sessions, recentAnswers, nases, clock, writeDeadlineMs }: RememberDeps,
  sessionId: string,
  site: string,
  nas: NasLocation,
): Promise<Session | undefined> | undefined {
  const recent = recentAnswers.get(sessionId);
  if (recent === undefined || toInstant(clock.now()) >= recent.freshUntil || !nases.accounts(site, nas))
    return undefined;
  const reading = clock.within(writeDeadlineMs, (signal) => sessions.read(sessionId, { signal }));
  // What cannot be read is written.
  return reading.catch(() => undefined);
}

/** The answer stands in the store, and no Stop or restart since has ended the session. */
function isStillKept(session: Session | undefined, { session: answered }: RecentAnswer, now: Instant): boolean {
  if (session === undefined || !isConnected(session, now)) return false;
  const own = session.answers.find(({ credential }) => credential === answered.credential);
  return own?.decision.id === answered.decision.id;
}

/** @returns false when the store did not take it: that is counted, and the answer goes out all the same */
async function write(
  { sessions, recentAnswers, clock, log, metrics, random }: RememberDeps,
  session: AnsweredSession,
  withinMs: number,
): Promise<boolean> {
  const column = recentAnswers.columnOf(session.id, session.decision.decidedAt);
  try {
    await clock.within(withinMs, (signal) => sessions.writeDecision(session, { signal, ...(column && { column }) }));
    const freshUntil = addMilliseconds(session.decision.decidedAt, REWRITE_AFTER_MS);
    recentAnswers.set(session.id, { session, freshUntil });
    return true;
  } catch (thrown) {
    // It may reach the store all the same, late: the next answer goes into another column, which it cannot overwrite.
    recentAnswers.forget(session.id);
    const until = addMilliseconds(session.decision.decidedAt, MAY_ARRIVE_MS);
    recentAnswers.setColumn(session.id, { column: `_${random.hex(2)}`, until });
    metrics.count('lookup.session-not-written');
    log.warn('lookup.session-not-written', { session: session.id, error: String(thrown) });
    return false;
  }
}

/** As long as the job may be under way. */
export function isReauthenticationAskedFor(stored: StoredDevice | undefined, now: Instant): boolean {
  const askedAt = stored?.reauthenticationAskedAt;
  return askedAt !== undefined && millisecondsBetween(askedAt, now) < JOB_LIFE_MS;
}

function isStillRight(recent: RecentAnswer, asked: SessionBeforeAnswer, answer: UnnamedDecision): boolean {
  const { decision: before, ...askedBefore } = recent.session;
  // One that was given later, by the clock, was given before the clock was set back: it may be of any age.
  const isRecent = before.decidedAt <= answer.decidedAt && answer.decidedAt < recent.freshUntil;
  return isRecent && sameAnswer(before, answer) && sameData(askedBefore, asked);
}

/** Once for an answer, and again when it is written again: a station that asks every minute for the same is no news. */
function logAnswer({ log, privacy }: RememberDeps, { site, client, mac, userName, decision }: AnsweredSession): void {
  log.info('lookup.answered', {
    decision: decision.id,
    site,
    client,
    mac: privacy.mac(mac),
    user: privacy.userName(userName),
    outcome: decision.outcome,
    observed: decision.observed,
    standing: decision.standing,
    rule: decision.rule,
    problems: decision.problems,
  });
}
