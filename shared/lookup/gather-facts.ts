// What a policy may look at, put together from the request or the session, and from what was found.

import type { Device } from '../domain/device/device.ts';
import { withGroupsOf } from '../domain/device/group-memberships.ts';
import { type CountingVerdict, type SourceVerdict, verdictThatCounts } from '../domain/device/joined-records.ts';
import { marksOfRecord, recordAsOf, standingOfRecord } from '../domain/device/record-standing.ts';
import { contradictionsAmong, type PresentedIdentities } from '../domain/identity/presented-identities.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import { deviceFacts, type FactsSource, type PolicyFacts, requestFacts } from '../domain/policy/policy-facts.ts';
import { isSourceReachable } from '../domain/source/source-reachable.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import type { FoundDevice } from './find-device.ts';
import { standingOf } from './found-standing.ts';

export interface FactsDeps {
  readonly sweepStatus: SweepStatus;
  readonly clock: Clock;
  /** A device whose last check-in is older counts as silent, in every compliance state. */
  readonly maxCheckInAgeMs: number;
  /**
   * A source whose newest complete sweep began longer ago counts as unreachable; absent where there is no sweep,
   * negative for a source that is defined no more.
   */
  readonly sourceReachableMs?: ((source: string) => number | undefined) | undefined;
  /** Absent where there is one source alone. */
  readonly joins?: JoinRules | undefined;
}

/** @param asker the request, or the session it has become */
export async function policyFacts(
  deps: FactsDeps,
  site: string,
  asker: FactsSource,
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  options: CallOptions,
): Promise<PolicyFacts> {
  const at = toInstant(deps.clock.now());
  const reachable = await reachableSources(deps, at, options);
  const known = {
    ...requestFacts(site, asker),
    at,
    standing: standingOf(presented, found, at, deps.maxCheckInAgeMs),
    marks: [],
    contradictions: contradictionsAmong(presented.problems),
    ...(reachable && { sourcesReachable: reachable }),
  };
  if (found?.kind !== 'found') return known;
  const { identity } = found;
  const { standing, ...facts } = await factsOfRecords(deps, found, at, options);
  return {
    ...known,
    ...facts,
    // An answer without authentication has no device that counts.
    ...(presented.authenticated && { standing }),
    assurance: identity.assurance,
  };
}

type FactsOfRecords = Pick<
  PolicyFacts,
  'standing' | 'marks' | 'asOf' | 'source' | 'sourceReachable' | 'device' | 'records'
>;

/** What policy may look at of the records of one device. */
export async function factsOfRecords(
  deps: FactsDeps,
  found: Records,
  at: Instant,
  options: CallOptions,
): Promise<FactsOfRecords> {
  const { verdict, because, all } = await judge(deps, found, at, options);
  const [own] = all;
  return {
    standing: verdict.standing,
    marks: [...new Set([...own.marks, ...verdict.marks])],
    asOf: verdict.asOf,
    source: verdict.source,
    ...(verdict.reachable !== undefined && { sourceReachable: verdict.reachable }),
    device: deviceFacts(withGroupsOfRecords(deps, found)),
    ...(all.length > 1 && { records: { found: own.source, all, because } }),
  };
}

/** Where one source alone is known no other record lends anything. */
function withGroupsOfRecords({ joins }: FactsDeps, { stored, joined = [] }: Records): Device {
  const others = joined.map(({ device }) => device);
  return joins ? withGroupsOf(stored.device, others, (source) => joins.hasEntraIds(source)) : stored.device;
}

/** Which record says whether the device is compliant, where several sources know it. */
export async function recordThatCounts(deps: FactsDeps, found: Records, options: CallOptions): Promise<StoredDevice> {
  const { verdict } = await judge(deps, found, toInstant(deps.clock.now()), options);
  const records = [found.stored, ...(found.joined ?? [])];
  return records.find(({ device }) => device.source === verdict.source && device.id === verdict.id) ?? found.stored;
}

type Records = Pick<FoundDevice & { kind: 'found' }, 'stored' | 'joined'>;

export interface JudgedRecords extends CountingVerdict {
  /** Beginning with that of the record which was found. */
  readonly all: readonly [SourceVerdict, ...SourceVerdict[]];
}

/** What each record of the device says, and whose word counts. */
export async function judge(
  deps: FactsDeps,
  { stored, joined = [] }: Records,
  at: Instant,
  options: CallOptions,
): Promise<JudgedRecords> {
  const [own, ...others] = await Promise.all([
    verdictOfRecord(deps, stored, at, options),
    ...joined.map((record) => verdictOfRecord(deps, record, at, options)),
  ]);
  return { ...verdictThatCounts(own, others, deps.joins?.precedenceOf ?? (() => undefined)), all: [own, ...others] };
}

async function verdictOfRecord(
  deps: FactsDeps,
  record: StoredDevice,
  at: Instant,
  options: CallOptions,
): Promise<SourceVerdict> {
  const { device, version } = record;
  const sweptAt = await deps.sweepStatus.lastCompleteStartedAt(device.source, options);
  const reachable = isSourceReachable(deps.sourceReachableMs?.(device.source), sweptAt, at);
  return {
    source: device.source,
    id: device.id,
    version,
    standing: standingOfRecord(record, at, deps.maxCheckInAgeMs),
    marks: marksOfRecord(record),
    asOf: recordAsOf(record, sweptAt),
    ...(reachable !== undefined && { reachable }),
  };
}

/** Of several sources each may be asked after, whether or not it knows the device. */
async function reachableSources(
  deps: FactsDeps,
  at: Instant,
  options: CallOptions,
): Promise<Readonly<Record<string, boolean>> | undefined> {
  const { sources = [] } = deps.joins ?? {};
  if (sources.length < 2) return undefined;
  const known = await Promise.all(
    sources.map(async (source) => {
      const sweptAt = await deps.sweepStatus.lastCompleteStartedAt(source, options);
      return [source, isSourceReachable(deps.sourceReachableMs?.(source), sweptAt, at)] as const;
    }),
  );
  return Object.fromEntries(known.flatMap(([source, is]) => (is === undefined ? [] : [[source, is]])));
}
