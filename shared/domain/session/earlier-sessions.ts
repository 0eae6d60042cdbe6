// Sessions of a NAS that another one of the same station at the same place has replaced. What is said of them late ends
// nothing; and where the one that replaced them was the earlier one after all, its Stop leads back to them.

import { addMilliseconds, type Instant } from '../instant.ts';
import type { AccountingEvent } from './accounting-event.ts';
import type { EarlierSession, SessionAccounting } from './session-accounting.ts';

/** What is known of the newest question of the station at the place, and of its NAS. */
export interface EarlierQuestion {
  /** When the station got its newest answer. */
  readonly answeredAt?: Instant;
  /** The session that the question named (RFC 2866 5.5: accounting of that session has the same name). */
  readonly acctSessionId?: string;
  readonly nasRestartedAt?: Instant;
}

/**
 * Records wait in a proxy for minutes, and the clock of a NAS is off by minutes. After that, a name may be used again.
 */
const LATE_MS = 15 * 60_000;
/** So many are kept however long ago they were replaced. */
const ALWAYS_KEPT = 4;
/** A station that comes and goes every forty seconds has so many names within the time in which records may be late. */
const MOST_KEPT = 24;

export function earlierOf(
  { earlier = [] }: Pick<SessionAccounting, 'earlier'>,
  id: string | undefined,
): EarlierSession | undefined {
  return earlier.find(({ acctSessionId }) => acctSessionId === id);
}

/** The newest first. */
export function withEarlier(earlier: readonly EarlierSession[] = [], one: EarlierSession): readonly EarlierSession[] {
  return [one, ...earlier.filter(({ acctSessionId }) => acctSessionId !== one.acctSessionId)]
    .filter(({ replacedAt }, index) => index < ALWAYS_KEPT || one.replacedAt < addMilliseconds(replacedAt, LATE_MS))
    .slice(0, MOST_KEPT);
}

/** @param at when another one takes its place */
export function asEarlier(
  { acctSessionId, at, since, class: carried, status }: SessionAccounting,
  replacedAt: Instant,
) {
  if (acctSessionId === undefined) return undefined;
  return {
    acctSessionId,
    at,
    ...(since !== undefined && { since }),
    replacedAt,
    ...(carried !== undefined && { class: carried }),
    ...(status === 'stopped' && { stopped: true as const }),
  };
}

/**
 * Whether what arrives of an earlier session, no Stop, was only late: the NAS uses its names once, unless it restarts,
 * or the station asks under the name again.
 */
export function isOnlyLate(
  one: EarlierSession,
  current: Pick<SessionAccounting, 'status'>,
  { status, at }: Pick<AccountingEvent, 'status' | 'at'>,
  { answeredAt = '', acctSessionId, nasRestartedAt = '' }: EarlierQuestion,
): boolean {
  if (nasRestartedAt > one.replacedAt) return false;
  if (acctSessionId === one.acctSessionId && answeredAt > one.replacedAt) return false;
  // A NAS that restarted silently counts from the start: its first record after an answer is about that answer.
  if (status === 'Start' && one.stopped && answeredAt > one.replacedAt && at >= answeredAt) return false;
  const mayRevive = current.status === 'stopped' && one.stopped !== true;
  return !mayRevive && at < addMilliseconds(one.replacedAt, LATE_MS);
}

/**
 * The session that was replaced lately, of which no Stop is known: their records may have come in the wrong order, so
 * the station may be there still. None where the newest question named the one that ends, and so the last.
 * @param now by our clock
 */
export function replacedWithoutStop(
  { acctSessionId, earlier = [] }: Pick<SessionAccounting, 'acctSessionId' | 'earlier'>,
  now: Instant,
  asked: EarlierQuestion = {},
): EarlierSession | undefined {
  if (acctSessionId === undefined || asked.acctSessionId === acctSessionId) return undefined;
  const [newest] = earlier.filter(({ stopped, replacedAt }) => {
    return stopped !== true && now < addMilliseconds(replacedAt, LATE_MS) && replacedAt > (asked.nasRestartedAt ?? '');
  });
  return newest;
}
