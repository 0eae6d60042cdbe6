// A session as a row, and back. The newest answer of each credential stands in a column of its own.

import { deviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, type Instant } from '../../domain/instant.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import type { MatchedDevice } from '../../domain/policy/decision.ts';
import { effectiveAnswer } from '../../domain/session/answers-in-effect.ts';
import { movedTo } from '../../domain/session/moved-answer.ts';
import { type Answer, type AnsweredSession, answerOf, placeOf, type Session } from '../../domain/session/session.ts';
import type { SessionAccounting } from '../../domain/session/session-accounting.ts';
import { lifetimeMs } from '../../domain/session/session-life.ts';
import { StoreError } from '../../errors.ts';
import { oldTraces, traceOf } from './answer-traces.ts';
import { answersOfEarlierRow, columnsForEarlierVersion, type EarlierRow } from './earlier-session-row.ts';
import { sessionRow } from './row-keys.ts';
import { isAnswer, isSessionAccounting } from './row-shapes.ts';

export type SessionRow = Record<string, unknown>;

const ANSWER_COLUMN = /^answer_/;
/** An answer that is older than its credential's newest, and that accounting carries. */
const CARRIED_COLUMN = 'carried';

/** A session is kept after its end: operators ask for yesterday's, and clocks may be wrong. */
const KEPT_AFTER_END_MS = 24 * 60 * 60_000;

/** All but what accounting knows and other answers are, to be merged into the row: those stay. */
export function toSessionEntity(
  session: AnsweredSession,
  { column = '', writer = '' }: { readonly column?: string | undefined; readonly writer?: string | undefined } = {},
) {
  const { decision, id, site, mac, credential } = session;
  const { device } = decision;
  const answer = answerOf(session);
  return {
    ...sessionRow(id),
    site,
    ...(mac !== undefined && { mac }),
    [`answer_${credential}${column}`]: JSON.stringify(answer),
    ...traceOf(answer, writer),
    ...columnsForEarlierVersion(answer),
    // Columns beside the JSON are for people and filters.
    decidedAt: decision.decidedAt,
    standing: decision.standing,
    verdict: decision.outcome.verdict,
    deviceKey: device ? deviceKeyText(device) : '',
    basis: basisOf(device),
    overAt: removableAfter([answer], decision.decidedAt),
  };
}

export function toCarriedColumn(answer: Answer): SessionRow {
  return { [CARRIED_COLUMN]: JSON.stringify(answer) };
}

/** When the row may go, where nothing else is said of the session. */
export function removableAfter(answers: readonly Answer[], lastSign: Instant): Instant {
  const lifeMs = lifetimeMs({ answers });
  return addMilliseconds(lastSign, lifeMs + Math.min(lifeMs, KEPT_AFTER_END_MS));
}

/** @throws StoreError NAC_STORE_ROW */
export function fromSessionEntity(id: string, row: SessionRow): Session {
  const answers = answersOf(id, row);
  const accounting = accountingOf(id, row);
  const session = {
    id,
    site: String(row['site']),
    ...(typeof row['mac'] === 'string' && row['mac'] !== '' && { mac: row['mac'] as MacAddress }),
    answers,
    ...(accounting !== undefined && { accounting }),
  };
  const ruling = effectiveAnswer(session);
  if (ruling === undefined) throw unreadableSession(id);
  return { ...ruling, ...session };
}

/** The session with answers that are newer than those of their credentials that it has. */
export function withAnswers(session: Session, newer: readonly Answer[]): Session {
  const replaced = new Set(newer.map(({ credential }) => credential));
  const { accounting } = session;
  const others = session.answers.filter(
    ({ credential, decision }) => !replaced.has(credential) || decision.id === accounting?.class,
  );
  return holding(session, byTime([...newer, ...others]));
}

/**
 * The session with an answer that accounting carries, though a newer one to the same credential took its place.
 * One that
 * was given elsewhere came along with the station: it is an answer of this place now.
 */
export function withCarried(session: Session, carried: Answer): Session {
  const isOfHere = carried.decision.id.startsWith(session.id);
  const here = isOfHere ? carried : movedTo(placeOf(session), carried);
  return holding(session, byTime([...session.answers, here]));
}

function holding(session: Session, answers: readonly Answer[]): Session {
  const { id, site, mac, accounting, nasRestartedAt } = session;
  const kept = {
    id,
    site,
    ...(mac !== undefined && { mac }),
    answers,
    ...(accounting && { accounting }),
    ...(nasRestartedAt !== undefined && { nasRestartedAt }),
  };
  return { ...(effectiveAnswer(kept) ?? session), ...kept };
}

/** Whether the row is one of the version before, which knew one session of a station. */
export function isEarlierRow(row: SessionRow): boolean {
  return !Object.keys(row).some((column) => ANSWER_COLUMN.test(column));
}

function credentialOfColumn(column: string): string {
  return column.replace(ANSWER_COLUMN, '').split('_')[0] ?? '';
}

export function answerColumns(row: SessionRow): string[] {
  return Object.keys(row).filter((column) => ANSWER_COLUMN.test(column));
}

/** The row with the newest answers, their newest traces and the carried answer only, so that it takes another. */
export function withoutOldAnswers(row: SessionRow, kept: number): SessionRow {
  const columns = answerColumns(row);
  const decidedAt = (column: string): string => {
    const text = String(row[column]);
    return /"decidedAt":"([^"]+)"/.exec(text)?.[1] ?? '';
  };
  const sorted = columns.sort((a, b) => (decidedAt(a) < decidedAt(b) ? 1 : -1));
  const old = new Set(sorted.slice(kept));
  const credentials = new Set(sorted.slice(0, kept).map(credentialOfColumn));
  const gone = new Set([...old, ...oldTraces(row, credentials)]);
  return Object.fromEntries(Object.entries(row).filter(([column]) => !gone.has(column)));
}

/** Newest first, one of each credential, and the one that accounting carries. */
function answersOf(id: string, row: SessionRow): Answer[] {
  const columns = answerColumns(row);
  if (columns.length === 0) {
    const earlier = answersOfEarlierRow(row as EarlierRow, (text) => parsed(id, text));
    if (!earlier.every(isAnswer)) throw unreadableSession(id);
    return byTime(earlier);
  }
  const newest = new Map<string, Answer>();
  for (const answer of byTime(columns.map((column) => parsedAnswer(id, row[column])))) {
    if (!newest.has(answer.credential)) newest.set(answer.credential, answer);
  }
  const answers = [...newest.values()];
  if (row[CARRIED_COLUMN] === undefined) return answers;
  const carried = parsedAnswer(id, row[CARRIED_COLUMN]);
  const isThere = answers.some(({ decision }) => decision.id === carried.decision.id);
  return isThere ? answers : byTime([...answers, carried]);
}

function byTime(answers: readonly Answer[]): Answer[] {
  return [...answers].sort((a, b) => (a.decision.decidedAt < b.decision.decidedAt ? 1 : -1));
}

function parsedAnswer(id: string, text: unknown): Answer {
  const answer = parsed(id, text);
  if (!isAnswer(answer)) throw unreadableSession(id);
  return answer;
}

function accountingOf(id: string, row: SessionRow): SessionAccounting | undefined {
  if (row['accounting'] === undefined || row['accounting'] === '') return undefined;
  const accounting = parsed(id, row['accounting']);
  if (!isSessionAccounting(accounting)) throw unreadableSession(id);
  return accounting;
}

function parsed(id: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    throw unreadableSession(id, cause);
  }
}

/** On what an answer rests: a stored record, Intune's own word, or nothing. */
export function basisOf(device: MatchedDevice | undefined): 'record' | 'live' | 'nothing' {
  if (device === undefined) return 'nothing';
  return device.live ? 'live' : 'record';
}

export function unreadableSession(id: string, cause?: unknown): StoreError {
  return new StoreError('NAC_STORE_ROW', `The row of session ${id} holds no answer.`, {
    action:
      'Something else wrote into the table: remove the row. The station is remembered at its next authentication.',
    cause,
  });
}
