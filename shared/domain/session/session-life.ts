// How long a session lives: until its Stop, until its NAS restarts, or until it has been silent for long enough.

import { addMilliseconds, type Instant, millisecondsBetween } from '../instant.ts';
import { TIMEOUT_SPREAD } from '../policy/decision.ts';
import type { Answer, Session } from './session.ts';

/** A session without any sign of life for this long is over, unless its permit lasts longer. */
export const SESSION_LIFE_MS = 24 * 60 * 60_000;
/** A permit for an address that leads to no device holds this long at most, and so does its session without a sign. */
export const UNKNOWN_STATION_LIFE_MS = 60 * 60_000;
/** An instance that gave an answer may give it again for this long without writing it. */
export const REPEATED_UNWRITTEN_MS = 5 * 60_000;

/** MAB that leads to no device proves nothing and costs nothing: addresses can be made up without end. */
export function isUnknownStation({ method, decision }: Pick<Answer, 'method' | 'decision'>): boolean {
  return method === 'mab' && decision.device === undefined;
}

/**
 * Signs of accounting that say nothing new are kept once an hour: an unknown station that accounts is not over before.
 */
const UNKNOWN_ACCOUNTED_LIFE_MS = 2 * UNKNOWN_STATION_LIFE_MS;

/** Milliseconds that the session lives after its last sign. */
export function lifetimeMs({ answers, accounting }: Pick<Session, 'answers' | 'accounting'>): number {
  const unknownMs = accounting === undefined ? UNKNOWN_STATION_LIFE_MS : UNKNOWN_ACCOUNTED_LIFE_MS;
  const lives = answers.map((answer) => {
    const permitMs = answer.decision.sessionTimeoutSeconds * TIMEOUT_SPREAD * 1000;
    return Math.max(permitMs, isUnknownStation(answer) ? unknownMs : SESSION_LIFE_MS);
  });
  return Math.max(0, ...lives);
}

/** The newest sign of life, by our clock: an answer or an accounting record. */
export function lastSignOf({ answers, accounting }: Pick<Session, 'answers' | 'accounting'>): Instant {
  const signs = answers.map(({ decision }) => decision.decidedAt);
  if (accounting !== undefined) signs.push(accounting.receivedAt ?? accounting.at);
  return signs.reduce((newest, sign) => (sign > newest ? sign : newest), '');
}

/** True while a CoA may reach the session: no Stop, no restart of its NAS, and a sign of life lately enough. */
export function isConnected(session: Session, now: Instant): boolean {
  if (hasStopped(session) || hasLostItsNas(session)) return false;
  return millisecondsBetween(lastSignOf(session), now) < lifetimeMs(session);
}

/** NASes give times in seconds: a Stop in the second of an answer came after it. */
export function hasStopped({ answers, accounting }: Pick<Session, 'answers' | 'accounting'>): boolean {
  return (
    accounting?.status === 'stopped' &&
    answers.every(({ decision }) => accounting.at >= decision.decidedAt.slice(0, 19))
  );
}

/**
 * The NAS knows none of the sessions that it had before its restart. An answer may have been given again since,
 * unwritten, by an instance that heard nothing of the restart: where the NAS accounts for its sessions, its next record
 * says so; where it does not, such an answer is not ended.
 */
function hasLostItsNas({ answers, accounting, nasRestartedAt }: Session): boolean {
  if (nasRestartedAt === undefined) return false;
  if (accounting !== undefined && (accounting.receivedAt ?? accounting.at) > nasRestartedAt) return false;
  const repeatedMs = accounting === undefined ? REPEATED_UNWRITTEN_MS : 0;
  return answers.every(({ decision }) => addMilliseconds(decision.decidedAt, repeatedMs) < nasRestartedAt);
}
