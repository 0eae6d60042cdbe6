// Which answers of a session the NAS may act on now. Enforcement compares each of them with policy.

import { addMilliseconds, type Instant } from '../instant.ts';
import { mayBeSamePlace } from '../place.ts';
import type { Decision } from '../policy/decision.ts';
import { TIMEOUT_SPREAD } from '../policy/decision.ts';
import { type Answer, asAnswered, type Session } from './session.ts';
import { hasStopped, REPEATED_UNWRITTEN_MS } from './session-life.ts';

/** How far the clocks of two instances may be apart. */
const CLOCK_SKEW_MS = 30_000;

/** The session once for each answer in effect, the ruling one first. */
export function answersInEffect(session: Session, now: Instant): readonly Session[] {
  const ruling = effectiveAnswer(session);
  const newest = session.answers[0];
  if (ruling === undefined || newest === undefined) return [];
  const others = session.answers.filter(
    (answer) =>
      answer !== ruling &&
      (answer === newest || mayStillHold(answer, newest, session, now) || isFallenBackTo(answer, ruling, session, now)),
  );
  return [ruling, ...others].map((answer) => asAnswered(session, answer));
}

/**
 * The answer that the network most likely acts on: the one whose Class accounting carries, received after the newest
 * answer; else the newest; but MAB gives way to 802.1X on the same port (authentication priority).
 */
export function effectiveAnswer({ answers, accounting }: Pick<Session, 'answers' | 'accounting'>): Answer | undefined {
  const newest = answers[0];
  if (newest === undefined) return undefined;
  const carried = answers.find(({ decision }) => decision.id === accounting?.class);
  if (carried !== undefined && receivedAfter(accounting, newest)) return carried;
  if (newest.method !== 'mab') return newest;
  const proven = answers.find(({ method }) => method !== 'mab');
  return proven !== undefined && holdsThePort(proven, newest, accounting) ? proven : newest;
}

/** The port was opened by 802.1X, nothing said that this is over, and its time is not up. */
function holdsThePort(proven: Answer, bypass: Answer, accounting: Session['accounting']): boolean {
  return mayBeSamePlace(proven, bypass) && isOpen(proven, accounting, bypass.decision.decidedAt);
}

/** The answers by which MAB opened the port, and may keep it open, though 802.1X was denied since. */
export function fallbackAnswers(session: Session, now: Instant): readonly Answer[] {
  const ruling = effectiveAnswer(session);
  if (ruling === undefined) return [];
  return session.answers.filter((answer) => isFallenBackTo(answer, ruling, session, now));
}

/**
 * A port that MAB opened may stay open by it where 802.1X is denied after it: not every NAS asks by MAB again. Our
 * answer may not have been the denial, where it came too late for its RADIUS server; then accounting names the station
 * as MAB does.
 */
function isFallenBackTo(bypass: Answer, ruling: Answer, { answers, accounting }: Session, now: Instant): boolean {
  return (
    bypass.method === 'mab' &&
    ruling.method !== 'mab' &&
    (ruling.decision.outcome.verdict === 'deny' || isNamedAs(bypass, ruling, accounting)) &&
    mayBeSamePlace(bypass, ruling) &&
    !isReplaced(bypass, { answers }) &&
    isOpen(bypass, accounting, now)
  );
}

/**
 * What accounting has said since the question names the user of the one answer, and not that of the other. A Class says
 * it better, and some NASes keep the first user of a port in all their records.
 */
function isNamedAs(one: Answer, other: Answer, accounting: Session['accounting']): boolean {
  const user = accounting?.class === undefined ? accounting?.coa.userName : undefined;
  return user !== undefined && user === one.userName && user !== other.userName && receivedAfter(accounting, other);
}

function isOpen(answer: Answer, accounting: Session['accounting'], at: Instant): boolean {
  const { decidedAt, sessionTimeoutSeconds, outcome } = answer.decision;
  return (
    outcome.verdict === 'permit' &&
    !hasStopped({ answers: [answer], ...(accounting && { accounting }) }) &&
    at <= addMilliseconds(decidedAt, sessionTimeoutSeconds * TIMEOUT_SPREAD * 1000)
  );
}

/**
 * An older answer than the newest holds as long as the instance that gave it may have given it again, unwritten, after
 * the newest one; and as long as accounting carries its Class.
 */
function mayStillHold(answer: Answer, newest: Answer, session: Session, now: Instant): boolean {
  const { accounting } = session;
  const repeatedUntil = addMilliseconds(answer.decision.decidedAt, REPEATED_UNWRITTEN_MS + CLOCK_SKEW_MS);
  const isCarried = accounting?.class === answer.decision.id;
  if (isCarried && receivedAfter(accounting, newest)) return true;
  if (isReplaced(answer, session)) return false;
  if (newest.decision.decidedAt > repeatedUntil) return false;
  if (now <= repeatedUntil || accounting?.class === undefined) return true;
  // What accounting has said since no unwritten answer could come any more is what the NAS runs on.
  const said = accounting.receivedAt ?? accounting.at;
  const isKnown = session.answers.some(({ decision }) => decision.id === accounting.class);
  return isCarried || !isKnown || said <= repeatedUntil;
}

/** Kept because accounting carried it once: no instance gives it again after a newer answer to the same credential. */
function isReplaced({ credential, decision }: Answer, { answers }: Pick<Session, 'answers'>): boolean {
  return answers.some((other) => other.credential === credential && other.decision.decidedAt > decision.decidedAt);
}

function receivedAfter(accounting: Session['accounting'], { decision }: Answer): boolean {
  return accounting !== undefined && (accounting.receivedAt ?? accounting.at) >= questionOf(decision).slice(0, 19);
}

/**
 * Name of the answer that the station runs on by what accounting said after the newest question, where the session has
 * lost it.
 */
export function replacedButCarried({
  answers,
  accounting,
}: Pick<Session, 'answers' | 'accounting'>): string | undefined {
  const [newest] = answers;
  if (newest === undefined || accounting?.class === undefined || !receivedAfter(accounting, newest)) return undefined;
  return answers.some(({ decision }) => decision.id === accounting.class) ? undefined : accounting.class;
}

/**
 * What accounting says after the question speaks of what its RADIUS server said, though our answer came later still:
 * one that had given up had answered by itself by then.
 */
export function questionOf({ askedAt, decidedAt }: Pick<Decision, 'askedAt' | 'decidedAt'>): Instant {
  return askedAt ?? decidedAt;
}
