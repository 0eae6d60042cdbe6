// Which session an accounting record is about: the one at the place that the record names. Class leads to the answer
// that the station has; without Class the NAS's own names of the session, which it also put into the question, or the
// station.

import type { Client } from '../domain/client.ts';
import { NAS_LOCATION_FIELDS, type NasLocation } from '../domain/nas-location.ts';
import { mayBeSamePlace, placeText } from '../domain/place.ts';
import type { AccountingEvent } from '../domain/session/accounting-event.ts';
import { earlierOf } from '../domain/session/earlier-sessions.ts';
import { movedTo } from '../domain/session/moved-answer.ts';
import { type Answer, type AnsweredSession, answerOf, placeOf, type Session } from '../domain/session/session.ts';
import { sessionId, sessionIdAt, stationId, stationOf } from '../domain/session/session-id.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { SessionStore } from '../ports/session-store.ts';

export interface FindAccountedDeps {
  readonly sessions: SessionStore;
  readonly decisions: Pick<DecisionStore, 'read'>;
}

/** A decision's id begins with that of its session. */
const SESSION_DIGITS = 20;

export type Accounted =
  /** `carried`: the answer that the record's Class names, where the session does not keep it any more. */
  | { readonly kind: 'known'; readonly id: string; readonly carried?: Answer }
  /** The station is at a place where it has not asked: a fast roam, with the answer it got elsewhere. */
  | { readonly kind: 'roamed'; readonly session: AnsweredSession };

/** Id of the session that the record most likely is about, without a look at the store. */
export function likelySession(client: Client, event: AccountingEvent): string {
  return event.class?.slice(0, SESSION_DIGITS) ?? sessionId(client, event);
}

/** Whether that session is the one, so that no other has to be looked for. */
export function isCertainMatch(session: Session, client: Client, event: AccountingEvent): boolean {
  if (session.site !== client.site) return false;
  if (event.class === undefined) return isNamed(session, namesOf(event)) && !mayBeBack(session, event);
  const isKept = session.answers.some(({ decision }) => decision.id === event.class);
  return isKept && mayBeSamePlace(placeOf(session), event);
}

export async function findAccounted(
  deps: FindAccountedDeps,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<Accounted | undefined> {
  const byClass = event.class === undefined ? undefined : await findByClass(deps, client, event, options);
  if (byClass !== undefined) return byClass;
  return findByNames(deps.sessions, client, event, options);
}

async function findByClass(
  deps: FindAccountedDeps,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<Accounted | undefined> {
  const { sessions, decisions } = deps;
  const answered = await sessions.read(likelySession(client, event), options);
  if (answered === undefined || answered.site !== client.site) return undefined;
  const kept = answered.answers.find(({ decision }) => decision.id === event.class);
  const isHere = mayBeSamePlace(placeOf(answered), event);
  const older = kept ?? (await readAnswer(decisions, client, event, options));
  if (isHere) {
    return { kind: 'known', id: answered.id, ...(kept === undefined && older !== undefined && { carried: older }) };
  }
  const station = stationOf(answered.id);
  const there = atPlace(await sessions.listStation(station, options), event);
  if (there !== undefined) {
    const isKept = there.answers.some(({ decision }) => decision.id === event.class);
    // The answer was given at another place, and no CoA for this place may go there.
    return {
      kind: 'known',
      id: there.id,
      ...(!isKept && older !== undefined && { carried: movedTo(placeIn(event), older) }),
    };
  }
  // The place that the station has left needs no record.
  if (event.status === 'Stop') return undefined;
  return roamed(client, answered, older ?? answerOf(answered), event);
}

/** An answer that its session has replaced since is still among the decisions. */
async function readAnswer(
  decisions: Pick<DecisionStore, 'read'>,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<Answer | undefined> {
  const record = event.class === undefined ? undefined : await decisions.read(event.class, options);
  return record?.site === client.site ? { ...answerOf(record), credential: record.credential ?? 'earlier' } : undefined;
}

/** The exact place is read first, since it nearly always is the one; a record that says less needs a search. */
async function findByNames(
  sessions: SessionStore,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<Accounted | undefined> {
  const names = namesOf(event);
  const exact = await sessions.read(sessionId(client, event), options);
  if (exact !== undefined && isNamed(exact, names)) {
    return mayBeBack(exact, event)
      ? backAt(exact, await sessions.listStation(stationId(client, event), options), event)
      : known(exact.id);
  }
  const byName = names.length === 0 ? undefined : await sessions.findByAccountingIds(client.site, names, options);
  const id = byName ?? exact?.id;
  if (id !== undefined) return known(id);
  const station = await sessions.listStation(stationId(client, event), options);
  const there = atPlace(station, event);
  if (there !== undefined) return known(there.id);
  // A NAS that repeats no Class: the station has what it was answered last.
  const last = lastAnswered(station, event);
  return last && event.status !== 'Stop' ? roamed(client, last.session, last.answer, event) : undefined;
}

/**
 * A NAS that repeats no Class begins a session at a place where another one was: the station may have roamed back, with
 * what it was answered elsewhere.
 */
function mayBeBack({ answers, accounting }: Session, event: AccountingEvent): boolean {
  const id = event.acctSessionId;
  if (event.class !== undefined || event.status === 'Stop' || id === undefined) return false;
  if (accounting === undefined || accounting.acctSessionId === id || earlierOf(accounting, id) !== undefined)
    return false;
  return !answers.some(({ acctSessionId }) => acctSessionId === id);
}

/** With the newest answer that the station got anywhere, or its user, if that is not one of this place. */
function backAt(here: Session, station: readonly Session[], event: AccountingEvent): Accounted {
  const last = lastAnswered(station, event);
  if (last === undefined || last.session.id === here.id) return known(here.id);
  // Where the station has asked here since the last record, only a later question elsewhere says that it was away.
  const hasAsked = newestOf(here) > (here.accounting?.receivedAt ?? here.accounting?.at ?? '');
  if (hasAsked && last.answer.decision.decidedAt <= newestOf(here)) return known(here.id);
  // Another machine with the address may have asked here since; the record names whose session it is.
  if (!last.isOfUser && last.answer.decision.decidedAt <= newestOf(here)) return known(here.id);
  return { kind: 'known', id: here.id, carried: movedTo(placeIn(event), last.answer) };
}

/**
 * What a station brings along to where no Class is repeated: the newest answer for the user that the record names,
 * given before the record's event. Two machines may have one address, and a record may wait while the other one asks.
 * Without an answer for that user (the NAS may name an outer identity) the newest of all.
 */
function lastAnswered(
  station: readonly Session[],
  { userName, at }: AccountingEvent,
): { readonly session: Session; readonly answer: Answer; readonly isOfUser: boolean } | undefined {
  const byTime = <T extends { readonly answer: Answer }>(all: readonly T[]): T[] =>
    [...all].sort((a, b) => (a.answer.decision.decidedAt < b.answer.decision.decidedAt ? 1 : -1));
  const user = userName?.toLowerCase();
  const ofUser = byTime(station.flatMap((session) => session.answers.map((answer) => ({ session, answer })))).filter(
    ({ answer }) => user !== undefined && answer.userName?.toLowerCase() === user,
  );
  const one = ofUser.find(({ answer }) => answer.decision.decidedAt <= at) ?? ofUser[0];
  if (one !== undefined) return { ...one, isOfUser: true };
  const [newest] = [...station].sort((a, b) => (newestOf(a) < newestOf(b) ? 1 : -1));
  return newest && { session: newest, answer: answerOf(newest), isOfUser: false };
}

function known(id: string): Accounted {
  return { kind: 'known', id };
}

function roamed(client: Client, from: Session, answer: Answer, event: AccountingEvent): Accounted {
  const { mac } = from;
  const session = {
    ...movedTo(placeIn(event), answer),
    ...(event.acctSessionId !== undefined && { acctSessionId: event.acctSessionId }),
    ...(event.acctMultiSessionId !== undefined && { acctMultiSessionId: event.acctMultiSessionId }),
    ...(event.auditSessionId !== undefined && { auditSessionId: event.auditSessionId }),
    id: sessionIdAt(client, stationOf(from.id), placeIn(event)),
    site: client.site,
    ...(mac !== undefined && { mac }),
  };
  return { kind: 'roamed', session };
}

function namesOf({ auditSessionId, acctMultiSessionId }: AccountingEvent): string[] {
  return [auditSessionId, acctMultiSessionId].filter((name) => name !== undefined);
}

/** None of the names is known, or one of them is the session's own. */
function isNamed({ answers }: Session, names: readonly string[]): boolean {
  const known = answers.flatMap(({ auditSessionId, acctMultiSessionId }) => [auditSessionId, acctMultiSessionId]);
  const named = known.filter((name) => name !== undefined);
  return names.length === 0 || named.length === 0 || names.some((name) => named.includes(name));
}

/**
 * The session at the place of the record; of several that may be, the one the NAS knows by that id, else the newest.
 */
function atPlace(sessions: readonly Session[], event: AccountingEvent): Session | undefined {
  const here = sessions.filter((session) => mayBeSamePlace(placeOf(session), event));
  const byText = here.find((session) => placeText(session) === placeText(event));
  const byId = here.find(
    ({ acctSessionId, accounting }) =>
      event.acctSessionId !== undefined && [acctSessionId, accounting?.acctSessionId].includes(event.acctSessionId),
  );
  const newest = [...here].sort((a, b) => (newestOf(a) < newestOf(b) ? 1 : -1))[0];
  return byId ?? byText ?? newest;
}

function newestOf({ answers }: Session): string {
  return answers[0]?.decision.decidedAt ?? '';
}

function placeIn(event: AccountingEvent): NasLocation {
  const fields = NAS_LOCATION_FIELDS.map((field) => [field, event[field]]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
