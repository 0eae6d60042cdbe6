// With the least permission, the only list there is: every device Intune calls noncompliant, once in four hours at most
// (Microsoft, "Network access control integration with Intune": more often is answered with 503).
//
//   is it time? -> note that it was asked for -> list -> listed devices are noncompliant -> those that left it, and those
//   only their address tells of, are read one by one -> what turns counts, unless it is too much at once

import { deviceKeyText } from '../domain/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import { isLive } from '../domain/session.ts';
import { SourceError } from '../errors.ts';
import type { ComplianceRetrieval, NoncompliantList } from '../ports/compliance-retrieval.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { walkSessions } from '../walk-sessions.ts';
import { type BreakerLimits, concludePointReads, staged } from './conclude-point-reads.ts';
import { type HeldTask, type NotHeld, type TaskDeps, withTask } from './held-task.ts';
import { type Listed, liftUnlisted, namesOf } from './lift-unlisted.ts';
import { idOfAddress, type PointReading, type PointReads, type PointTarget, withAddress } from './point-reads.ts';
import { idOf, type SavePointReadsDeps, savePointReads } from './save-point-reads.ts';
import { recordIdOf, sessionTarget } from './session-target.ts';
import { retryAfterFailure } from './sweep-schedule.ts';

export const NONCOMPLIANT_TASK = 'noncompliant-list';

/** The documented wall. */
export const LIST_WALL_MS = 4 * 60 * 60_000;
/** After a 503 somebody else may keep the same hours: with a spread, ours drift into the open ones. */
const SPREAD_MS = 30 * 60_000;
const SAVED_AT_ONCE = 500;

export interface NoncompliantState {
  /** Not before this the list may be asked for; stored before it is, so that no crash makes it sooner. */
  readonly notBefore?: Instant;
  readonly askedAt?: Instant;
  readonly lastComplete?: { readonly askedAt: Instant; readonly listed: number };
  readonly failures: number;
}

export interface PollNoncompliantDeps extends TaskDeps, SavePointReadsDeps {
  readonly source: string;
  readonly retrieval: ComplianceRetrieval;
  readonly reads: PointReads;
  readonly sessions: SessionStore;
  readonly log: Logger;
}

export interface PollNoncompliantLimits extends BreakerLimits {
  /** Time between lists, raised to four hours where it is less. */
  readonly intervalMs: number;
  readonly leaseMs: number;
}

export function pollNoncompliant(
  deps: PollNoncompliantDeps,
  limits: PollNoncompliantLimits,
): Promise<'complete' | 'failed' | NotHeld> {
  const task = { name: NONCOMPLIANT_TASK, initial: { failures: 0 } as NoncompliantState, leaseMs: limits.leaseMs };
  const isDue = ({ notBefore }: NoncompliantState, now: Instant): boolean =>
    notBefore === undefined || notBefore <= now;
  return withTask(deps, task, isDue, async (held) => {
    const list = await askForList(deps, held, Math.max(limits.intervalMs, LIST_WALL_MS));
    if (list === undefined) return 'failed';
    await saveList(deps, held, list, limits);
    return 'complete';
  });
}

async function askForList(
  { clock, random, retrieval, log }: PollNoncompliantDeps,
  task: HeldTask<NoncompliantState>,
  intervalMs: number,
): Promise<NoncompliantList | undefined> {
  const askedAt = toInstant(clock.now());
  const before = task.state;
  await task.save({ ...before, askedAt, notBefore: addMilliseconds(askedAt, intervalMs) });
  try {
    return await retrieval.listNoncompliant();
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown;
    const now = toInstant(clock.now());
    const failures = before.failures + 1;
    const spreadMs = Math.floor(random.fraction() * SPREAD_MS);
    const notBefore = wasAsked(thrown)
      ? addMilliseconds(now, Math.max(intervalMs, thrown.retryAfterMs ?? 0) + spreadMs)
      : retryAfterFailure(now, failures, thrown.retryAfterMs, random.fraction());
    log.warn('noncompliant.failed', { code: thrown.code, message: thrown.message, action: thrown.action, notBefore });
    await task.save({ ...task.state, notBefore, failures });
    return undefined;
  }
}

/** Without token or address the list was never asked for, and without permission nothing was given: no wall stands. */
function wasAsked({ code }: SourceError): boolean {
  return !NEVER_ASKED.has(code);
}

const NEVER_ASKED = new Set<string>([
  'NAC_INTUNE_TOKEN',
  'NAC_INTUNE_DISCOVERY',
  'NAC_INTUNE_UNTRUSTED',
  'NAC_INTUNE_UNAUTHORIZED',
  'NAC_INTUNE_FORBIDDEN',
]);

async function saveList(
  deps: PollNoncompliantDeps,
  task: HeldTask<NoncompliantState>,
  list: NoncompliantList,
  limits: BreakerLimits,
): Promise<void> {
  const runId = `noncompliant-${Date.parse(list.requestedAt)}`;
  const listed = list.devices.filter(({ compliant }) => compliant !== true);
  const rules = { source: deps.source, holdAbsences: true, hold: staged(limits, runId) };
  for (let start = 0; start < listed.length; start += SAVED_AT_ONCE) {
    const readings = listed
      .slice(start, start + SAVED_AT_ONCE)
      .flatMap((device) => listedReading(device, list, deps.source));
    await savePointReads(deps, readings, rules);
    await task.save(task.state);
  }
  const toRead = await devicesToRead(deps, listed);
  const asked = new Set<string>();
  for (let start = 0; start < toRead.length; start += SAVED_AT_ONCE) {
    const readings = await deps.reads.read(toRead.slice(start, start + SAVED_AT_ONCE));
    for (const each of readings) asked.add(each.kind === 'found' ? each.id : idOf(each.target));
    await savePointReads(deps, readings, rules);
    await task.save(task.state);
  }
  await liftUnlisted(deps, listed, asked, list.requestedAt);
  const held = await concludePointReads(deps, limits, runId);
  const { askedAt = list.requestedAt, notBefore } = task.state;
  const lastComplete = { askedAt, listed: listed.length };
  await task.save({ askedAt, ...(notBefore !== undefined && { notBefore }), lastComplete, failures: 0 });
  const problems = list.problems.length;
  deps.log.info('noncompliant.listed', { listed: listed.length, read: toRead.length, problems, held });
}

/** One that only its address tells of counts where the address stands for the device; a known device is asked about. */
function listedReading({ id, mac }: Listed, { requestedAt }: NoncompliantList, source: string): PointReading[] {
  const known = id ?? (mac && idOfAddress(mac));
  if (known === undefined) return [];
  return [
    {
      target: { id: known },
      requestedAt,
      kind: 'found',
      id: known,
      device: (stored) => withAddress({ ...(stored ?? { source, id: known }), complianceState: 'noncompliant' }, mac),
    },
  ];
}

/**
 * Devices with live sessions whose records and the list disagree: noncompliant ones that are not listed any more, which
 * are compliant only once Intune says so, and ones at whose address some device is listed.
 */
async function devicesToRead(deps: PollNoncompliantDeps, listed: readonly Listed[]): Promise<PointTarget[]> {
  const { source, reads, devices } = deps;
  const { ids, macs } = namesOf(listed);
  const now = toInstant(deps.clock.now());
  const toRead = new Map<string, PointTarget>();
  const candidates = new Map<string, { target: PointTarget; mac: MacAddress | undefined }>();
  const judge = async (): Promise<void> => {
    const stored = await devices.readMany([...candidates.keys()].map((id) => ({ source, id })));
    for (const [id, { target, mac }] of candidates) {
      const state = stored.get(deviceKeyText({ source, id }))?.device.complianceState;
      const left = state === 'noncompliant' && !ids.has(id) && !(mac && macs.has(mac));
      const listedByAddress = state !== 'noncompliant' && mac !== undefined && macs.has(mac);
      if (left || listedByAddress) toRead.set(id, target);
    }
    candidates.clear();
  };
  for await (const session of walkSessions(deps.sessions)) {
    const target = isLive(session, now) ? sessionTarget(session, source, reads.byMac) : undefined;
    if (target === undefined) continue;
    candidates.set(recordIdOf(session, target), { target, mac: session.mac });
    if (candidates.size >= SAVED_AT_ONCE) await judge();
  }
  await judge();
  return [...toRead.values()];
}
