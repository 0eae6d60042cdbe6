// Accounting: starts, moves and ends sessions. A record may come late, twice, sparse or out of order, and it is
// believed of the place that it names only.

import type { Client } from '../domain/client.ts';
import { nasName } from '../domain/coa/coa-target.ts';
import { applyAccounting, nasOf } from '../domain/session/accounting.ts';
import type { AccountingEvent } from '../domain/session/accounting-event.ts';
import { isFromItsNas } from '../domain/session/accounting-source.ts';
import type { EarlierQuestion } from '../domain/session/earlier-sessions.ts';
import { isSentByNas } from '../domain/session/nas-restart.ts';
import { type Answer, placeOf, type Session } from '../domain/session/session.ts';
import type { SessionAccounting } from '../domain/session/session-accounting.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { StoreError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { NasMemory } from '../ports/nas-memory.ts';
import type { RecentAnswers } from '../ports/recent-answers.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { type FindAccountedDeps, findAccounted, isCertainMatch, likelySession } from './find-accounted.ts';
import { noteClocks } from './note-clocks.ts';

export interface AccountingDeps extends FindAccountedDeps {
  readonly sessions: SessionStore;
  readonly recentAnswers: RecentAnswers;
  readonly nases: NasMemory;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface AccountingResult {
  /** Sessions, or NASes, that now stand differently. */
  readonly changed: number;
}

/** A row that something else wrote takes no record, now or later: that is logged, and the record is done with. */
export async function recordAccounting(
  deps: AccountingDeps,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<AccountingResult> {
  noteClocks(deps, client, event);
  deps.nases.noteAccounting(client.site, nasOf(event));
  try {
    const isRestart = event.status === 'Accounting-On' || event.status === 'Accounting-Off';
    const changed = isRestart
      ? await noteRestart(deps, client, event, options)
      : await recordOfSession(deps, client, event, options);
    return { changed: changed ? 1 : 0 };
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_STORE_ROW') throw thrown;
    const { code, message, action } = thrown;
    deps.metrics.count('accounting.not-taken');
    deps.log.error('accounting.not-taken', { code, message, action, site: client.site });
    return { changed: 0 };
  }
}

async function recordOfSession(
  deps: AccountingDeps,
  client: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<boolean> {
  const { sessions } = deps;
  // Nearly always the record is about the session of its exact place, and one read is enough.
  const likely = likelySession(client, event);
  let isIt = false;
  const atOnce = await write(deps, client, event, { id: likely }, options, (session) => {
    isIt = isCertainMatch(session, client, event);
    return isIt;
  });
  if (isIt) return atOnce;
  const found = await findAccounted(deps, client, event, options);
  if (found === undefined) return false;
  if (found.kind === 'known') return write(deps, client, event, found, options);
  const accounting = applyAccounting(undefined, event);
  if (accounting === undefined || !(await sessions.open(found.session, accounting, options))) return false;
  await sessions.noteToCompare(found.session.id, event.receivedAt, options);
  return true;
}

async function write(
  deps: AccountingDeps,
  client: Client,
  event: AccountingEvent,
  { id, carried }: { readonly id: string; readonly carried?: Answer },
  options: CallOptions,
  isIt: (session: Session) => boolean = () => true,
): Promise<boolean> {
  const { sessions, recentAnswers, nases } = deps;
  let toCompare = false;
  let isForeign = false;
  const edit = (session: Session) => {
    // A Class may be copied from another site: a site speaks of its own sessions only.
    if (!isIt(session) || session.site !== client.site) return undefined;
    isForeign = !isFromItsNas(session, event, nases.sourcesOf(client.site, placeOf(session)));
    if (isForeign || isAboutAnEarlierOne(session, event)) return undefined;
    const accounting = applyAccounting(session.accounting, event, askedBefore(session));
    toCompare = accounting !== undefined && isToCompare(session, accounting, event, carried);
    return accounting;
  };
  const isWritten = await sessions.updateAccounting(id, edit, { ...options, ...(carried && { carried }) });
  if (isForeign) reportForeign(deps, client, event);
  if (!isWritten) return false;
  // The next answer, even the same one, is of a new session of the station, or says that it has come back.
  if (event.status === 'Stop') recentAnswers.forget(id);
  if (toCompare) await sessions.noteToCompare(id, event.receivedAt, options);
  return true;
}

/** Once an hour for a NAS. */
function reportForeign({ nases, log, metrics }: AccountingDeps, { name, site }: Client, event: AccountingEvent): void {
  metrics.count('accounting.not-of-its-nas');
  const nas = nasOf(event);
  if (!nases.isNews(`foreign accounting ${site} ${nasName(nas)}`, event.receivedAt)) return;
  log.warn('accounting.not-of-its-nas', {
    code: 'NAC_ACCOUNTING_SOURCE',
    action:
      'A packet spoke of a session, and came from elsewhere than its questions and its NAS: look at what sends from there. A NAS that has two addresses should send accounting from the one that it asks from.',
    site,
    client: name,
    nas,
    status: event.status,
  });
}

/**
 * The station keeps an older access than its newest answer gave, or is there though it was thought to be gone: stopped,
 * its NAS restarted, silent for too long.
 */
function isToCompare(
  session: Session,
  next: SessionAccounting,
  event: AccountingEvent,
  carried: Answer | undefined,
): boolean {
  const { answers, accounting } = session;
  if (event.status === 'Stop') return next.acctSessionId !== accounting?.acctSessionId && next.status === 'started';
  const newest = answers[0]?.decision;
  const isOlder =
    event.class !== undefined &&
    newest !== undefined &&
    event.class !== newest.id &&
    (event.class !== accounting?.class || (accounting.receivedAt ?? accounting.at) < newest.decidedAt);
  return (
    carried !== undefined || isOlder || accounting?.status === 'stopped' || !isConnected(session, event.receivedAt)
  );
}

function askedBefore({ answers, nasRestartedAt }: Session): EarlierQuestion {
  const { decision, acctSessionId } = answers[0] ?? {};
  return {
    ...(decision && { answeredAt: decision.decidedAt }),
    ...(acctSessionId !== undefined && { acctSessionId }),
    ...(nasRestartedAt !== undefined && { nasRestartedAt }),
  };
}

/** The NAS ends a session that another of the same station has replaced: the newest question had another name. */
function isAboutAnEarlierOne({ answers, accounting }: Session, event: AccountingEvent): boolean {
  const newest = answers[0];
  if (event.status !== 'Stop' || newest === undefined || event.class === newest.decision.id) return false;
  const { auditSessionId, acctSessionId, decision } = newest;
  if (event.acctSessionId !== undefined && accounting?.acctSessionId !== undefined) {
    // Accounting knows the other one, and notes that this one is over.
    if (event.acctSessionId !== accounting.acctSessionId) return false;
  }
  if (auditSessionId !== undefined && event.auditSessionId !== undefined)
    return auditSessionId !== event.auditSessionId;
  const isOther =
    acctSessionId !== undefined && event.acctSessionId !== undefined && acctSessionId !== event.acctSessionId;
  // Clocks of NASes are off: without accounting since the question, another name is of an earlier session at any time.
  const heardAt = accounting?.receivedAt ?? accounting?.at ?? '';
  return isOther && (heardAt < decision.decidedAt || decision.decidedAt > event.at);
}

/** One row for any number of sessions: a reader of a session of that NAS applies it. */
async function noteRestart(
  { sessions, nases, log, metrics }: AccountingDeps,
  { site, name }: Client,
  event: AccountingEvent,
  options: CallOptions,
): Promise<boolean> {
  const nas = nasOf(event);
  const { nasIpAddress, nasIpv6Address, nasIdentifier } = nas;
  if (nasIpAddress === undefined && nasIpv6Address === undefined && nasIdentifier === undefined) return false;
  const sources = nases.sourcesOf(site, nas);
  if (sources.length > 0 && !isSentByNas(nas) && !sources.includes(nas.packetSourceIp ?? '')) {
    metrics.count('accounting.restart-not-believed');
    log.warn('accounting.restart-not-believed', {
      code: 'NAC_ACCOUNTING_SOURCE',
      action:
        'A packet said that this NAS restarted, and came from elsewhere than its sessions do: look at what sends from there.',
      site,
      client: name,
      nas,
      sources,
    });
    return false;
  }
  nases.noteRestart(site, nas, event.at);
  return sessions.noteRestart({ site, nas, at: event.at }, options);
}
