// Reads devices with live sessions whose records and the noncompliant list disagree: noncompliant ones that are not
// listed any more, which are compliant only once the source says so, and ones at whose address some device is listed.

import { type DeviceKey, deviceKeyText, SHARDS } from '../../domain/device/device.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import type { Session } from '../../domain/session/session.ts';
import { isConnected } from '../../domain/session/session-life.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import type { SourceName } from '../../ports/mdm-source.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import { idOfAddress, isOfOneDevice, type PointReads, type PointTarget } from '../point-reads/point-reads.ts';
import { type SavePointReadsDeps, type SaveRules, savePointReads } from '../point-reads/save-point-reads.ts';
import { recordIdOf, sessionTarget } from '../point-reads/session-target.ts';
import { namedSince } from './named-by-list.ts';

/** Sessions looked at together: as many reads as ten seconds allow, at most. */
const SESSIONS_AT_ONCE = 200;
const FIRST_SHARD = '0';

export interface ReadUnlistedDeps extends SavePointReadsDeps {
  readonly source: SourceName;
  readonly reads: PointReads;
  readonly sessions: SessionStore;
  readonly clock: Clock;
}

interface Candidate {
  readonly target: PointTarget;
  readonly mac: MacAddress | undefined;
}

/**
 * Looks at the next few hundred sessions.
 * @param requestedAt when the first page of the list was asked for
 * @param at id of the last session that is done, or the shard that comes next
 * @returns how many devices were read, and where the next call goes on; nothing when all sessions are done
 * @throws SourceError when the service does not answer; the same sessions may be looked at again
 */
export async function readUnlisted(
  deps: ReadUnlistedDeps,
  { requestedAt, at }: { readonly requestedAt: Instant; readonly at?: string },
  rules: SaveRules,
): Promise<{ readonly read: number; readonly after: string | undefined }> {
  const { sessions, after } = await nextSessions(deps.sessions, at);
  const toRead = await disagreeing(deps, candidatesOf(deps, sessions), requestedAt);
  const readings = await deps.reads.read(toRead);
  await savePointReads(deps, readings, rules);
  const refused = readings.find((reading) => reading.kind === 'failed' && !isOfOneDevice(reading.error));
  if (refused?.kind === 'failed') throw refused.error;
  return { read: toRead.length, after };
}

async function nextSessions(
  store: SessionStore,
  at = FIRST_SHARD,
): Promise<{ readonly sessions: readonly Session[]; readonly after: string | undefined }> {
  const shards: readonly string[] = SHARDS;
  const sessions: Session[] = [];
  let next: string | undefined = at;
  while (next !== undefined && sessions.length < SESSIONS_AT_ONCE) {
    const shard: string = next.charAt(0);
    const range = { after: next === shard ? undefined : next, limit: SESSIONS_AT_ONCE - sessions.length };
    const page = await store.listPage(shard, range);
    sessions.push(...page.sessions);
    next = page.next ?? shards[shards.indexOf(shard) + 1];
  }
  return { sessions, after: next };
}

function candidatesOf(
  { source, reads, clock }: ReadUnlistedDeps,
  sessions: readonly Session[],
): Map<string, Candidate> {
  const now = toInstant(clock.now());
  const candidates = new Map<string, Candidate>();
  for (const session of sessions) {
    const target = isConnected(session, now) ? sessionTarget(session, source, reads.byMac) : undefined;
    if (target !== undefined) candidates.set(recordIdOf(session, target), { target, mac: session.mac });
  }
  return candidates;
}

async function disagreeing(
  { source: { name: source }, devices }: ReadUnlistedDeps,
  candidates: ReadonlyMap<string, Candidate>,
  requestedAt: Instant,
): Promise<PointTarget[]> {
  const ids = [...candidates].flatMap(([id, { mac }]) => [id, ...(mac === undefined ? [] : [idOfAddress(mac)])]);
  const keys = [...new Set(ids)].map((id): DeviceKey => ({ source, id }));
  const stored = await devices.readMany(keys);
  const recordOf = (id: string): StoredDevice | undefined => stored.get(deviceKeyText({ source, id }));
  return [...candidates].flatMap(([id, { target, mac }]) => {
    const record = recordOf(id);
    const isNoncompliant = record?.device.complianceState === 'noncompliant';
    const isAddressListed = mac !== undefined && namedSince(recordOf(idOfAddress(mac)), requestedAt);
    const hasLeft = isNoncompliant && !namedSince(record, requestedAt) && !isAddressListed;
    return hasLeft || (!isNoncompliant && isAddressListed) ? [target] : [];
  });
}
