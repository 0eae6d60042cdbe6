// What a draft would change: for every live session, compared with its answer; and for every stored device, compared
// with the policy in force. Streams both; holds counts and a bounded list.

import { concurrently } from '../concurrently.ts';
import { type Device, deviceKeyText, SHARDS } from '../domain/device/device.ts';
import type { SourceVerdict } from '../domain/device/joined-records.ts';
import { marksOfRecord, recordAsOf, standingOfRecord } from '../domain/device/record-standing.ts';
import type { Assurance } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import { sameOutcome } from '../domain/policy/decision.ts';
import { evaluateApplied, evaluateOverridden } from '../domain/policy/overridden.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { deviceFacts, type Medium, type PolicyFacts } from '../domain/policy/policy-facts.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { includesSite, type Sites, siteNamed } from '../domain/sites.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DeviceStore, StoredDevice } from '../ports/device-store.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { type SourceScope, sourcesAt } from '../ports/source-scope.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import { walkFleetOfShard } from '../walk-fleet.ts';
import { walkSessionsOfShard } from '../walk-sessions.ts';
import { ChangeTally, type TallyReport } from './change-tally.ts';
import { FleetVerdicts } from './fleet-verdicts.ts';
import { type ReachNow, reachFacts } from './reach-now.ts';

export interface WhatIfDeps {
  readonly sessions: Pick<SessionStore, 'listPage'>;
  readonly devices: Pick<DeviceStore, 'listRecords'>;
  readonly sweepStatus: SweepStatus;
  /** Which sources count at the site that devices are taken to ask at. */
  readonly scope: SourceScope;
  /** A device whose last check-in is older counts as silent, in every compliance state. */
  readonly maxCheckInAgeMs: number;
  /** Absent where there is one source alone. */
  readonly joins?: JoinRules | undefined;
}

export interface ComparedPolicies {
  readonly inForce: Policy;
  readonly draft: Policy;
  /** They beat both. */
  readonly overrides: readonly Override[];
}

/** How the stored devices are taken to ask, since no request is there to say so. */
export interface AssumedRequest {
  /** Empty: no rule about sites holds. */
  readonly site: string;
  readonly assurance: Assurance;
  readonly medium?: Medium;
}

/** How fast a site's jobs go out. */
export interface CoaBudget {
  readonly inFlightPerSite: number;
  /** Seconds a full hand takes, until the next jobs are queued. */
  readonly roundSeconds: number;
  /** Seconds from an activation until CoAs begin. */
  readonly settleSeconds: number;
}

export interface WhatIfReport {
  readonly at: Instant;
  readonly inForce: string;
  readonly draft: string;
  readonly sessions: TallyReport;
  readonly fleet: TallyReport & { readonly assumed: AssumedRequest };
  readonly enforcing: {
    /** Seconds until the last CoA of each site is out; the longest counts for all, since sites work at once. */
    readonly secondsBySite: Readonly<Record<string, number>>;
    readonly seconds: number;
    readonly assumed: CoaBudget;
  };
  /** False when time ran out: the counts are what had been looked at by then. */
  readonly complete: boolean;
}

export interface WhatIfOptions extends CallOptions {
  /** Those whose sessions the asker may see, and whose sources. */
  readonly sites: Sites;
  /** When it is asked, and which sources are reachable then. */
  readonly reach: ReachNow;
}

/** Of sessions, and as many of devices: a page of each is in memory. */
const SHARDS_AT_ONCE = 4;

const PORT_TYPES: Readonly<Record<Medium, string>> = { wired: 'Ethernet', wireless: 'Wireless-802.11', vpn: 'Virtual' };

export async function whatIf(
  deps: WhatIfDeps,
  { inForce, draft, overrides: known }: ComparedPolicies,
  assumed: AssumedRequest,
  budget: CoaBudget,
  { signal, sites, reach }: WhatIfOptions,
): Promise<WhatIfReport> {
  const { now } = reach;
  const sessions = new ChangeTally();
  const fleet = new ChangeTally();
  const overrides = known.filter((override) => isInForce(override, now));
  // Both at once: where time runs out, neither is left out.
  const [sawSessions, sawFleet] = await Promise.all([
    sessionsChanging(sessions, deps, { draft, overrides }, { signal, sites, reach }),
    fleetChanging(fleet, deps, { inForce, draft, overrides }, assumed, { signal, sites, reach }),
  ]);
  return {
    at: now,
    inForce: inForce.version,
    draft: draft.version,
    sessions: sessions.report(),
    fleet: { ...fleet.report(), assumed },
    enforcing: enforcing(sessions.report().bySite, budget),
    complete: sawSessions && sawFleet,
  };
}

/**
 * Time is looked at between rows, and ends no request: what was read by then counts.
 * @returns false when time ran out before the last shard was through
 */
async function lookAtShards<T>(
  walk: (shard: string) => AsyncIterable<T>,
  look: (one: T) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let sawAll = true;
  await concurrently(SHARDS, SHARDS_AT_ONCE, async (shard) => {
    if (signal?.aborted) sawAll = false;
    if (!sawAll) return;
    for await (const one of walk(shard)) {
      if (signal?.aborted) {
        sawAll = false;
        return;
      }
      look(one);
    }
  });
  return sawAll;
}

/**
 * From what was recorded with its latest decision: changes of the device since have led to a new one, or will by CoA.
 * Whether a source is away changes without one, and is looked at as it is now.
 */
function sessionsChanging(
  tally: ChangeTally,
  { sessions }: WhatIfDeps,
  { draft, overrides }: Omit<ComparedPolicies, 'inForce'>,
  { signal, sites, reach }: WhatIfOptions,
): Promise<boolean> {
  const { now } = reach;
  const look = (session: Session): void => {
    const { decision, site, mac, userName } = session;
    if (!includesSite(sites, site)) return;
    if (decision.facts === undefined || !isConnected(session, now)) return;
    tally.look();
    const question = {
      facts: { ...decision.facts, at: now, ...reachFacts(reach, decision.facts.source) },
      identities: session.presented.identities,
      device: decision.device,
      joined: decision.device?.joined,
    };
    const evaluated = evaluateOverridden(draft, overrides, question);
    // What the session keeps may say less than the question did: an override that decided it decides it again.
    const decided = overrides.some(({ id }) => id === decision.override?.id) ? decision.override : undefined;
    const then = evaluated.override ? evaluated : evaluateApplied(draft, question.facts, decided);
    if (sameOutcome(decision.outcome, then.outcome)) return;
    tally.add({
      site,
      session: session.id,
      ...(decision.device && { device: deviceKeyText(decision.device) }),
      ...(mac !== undefined && { mac }),
      ...(userName !== undefined && { userName }),
      from: { rule: decision.rule, outcome: decision.outcome },
      to: { rule: then.rule, outcome: then.outcome },
    });
  };
  return lookAtShards((shard) => walkSessionsOfShard(sessions, shard), look, signal);
}

async function fleetChanging(
  tally: ChangeTally,
  { devices, sweepStatus, scope, maxCheckInAgeMs, joins }: WhatIfDeps,
  { inForce, draft, overrides }: ComparedPolicies,
  assumed: AssumedRequest,
  { signal, sites, reach }: WhatIfOptions,
): Promise<boolean> {
  const { counts } = await sourcesAt(scope, assumed.site === '' ? sites : siteNamed(assumed.site));
  const isLookedAt = ({ presence, device }: StoredDevice): boolean => presence === 'present' && counts(device.source);
  const walk = (shard: string) => sweptDevices(walkFleetOfShard(devices, shard), sweepStatus);
  const verdicts = joins && joins.sources.length > 1 ? new FleetVerdicts(joins) : undefined;
  const note = ({ stored, sweptAt }: SweptDevice): void => {
    if (isLookedAt(stored)) verdicts?.add(stored.device, verdictOf(stored, sweptAt, reach, maxCheckInAgeMs));
  };
  if (verdicts !== undefined && !(await lookAtShards(walk, note, signal))) return false;
  const look = ({ stored, sweptAt }: SweptDevice): void => {
    if (!isLookedAt(stored)) return;
    const own = verdictOf(stored, sweptAt, reach, maxCheckInAgeMs);
    const counting =
      verdicts === undefined ? { verdict: own, device: stored.device } : verdicts.judge(stored.device, own);
    if (counting === undefined) return;
    tally.look();
    const facts = factsOfDevice(counting.device, own, counting.verdict, assumed, reach);
    const question = { facts, identities: [], device: stored.device };
    const before = evaluateOverridden(inForce, overrides, question);
    const then = evaluateOverridden(draft, overrides, question);
    if (sameOutcome(before.outcome, then.outcome)) return;
    const { name } = stored.device;
    tally.add({
      device: deviceKeyText(stored.device),
      ...(name !== undefined && { name }),
      from: { rule: before.rule, outcome: before.outcome },
      to: { rule: then.rule, outcome: then.outcome },
    });
  };
  return lookAtShards(walk, look, signal);
}

interface SweptDevice {
  readonly stored: StoredDevice;
  /** When the newest complete sweep of its source began. */
  readonly sweptAt: Instant | undefined;
}

async function* sweptDevices(
  records: AsyncIterable<StoredDevice>,
  sweepStatus: SweepStatus,
): AsyncIterable<SweptDevice> {
  const known = new Map<string, Instant | undefined>();
  for await (const stored of records) {
    const { source } = stored.device;
    if (!known.has(source)) known.set(source, await sweepStatus.lastCompleteStartedAt(source));
    yield { stored, sweptAt: known.get(source) };
  }
}

function verdictOf(
  stored: StoredDevice,
  sweptAt: Instant | undefined,
  { now: at, of }: ReachNow,
  maxCheckInAgeMs: number,
): SourceVerdict {
  const { source, id } = stored.device;
  const reachable = of(source, sweptAt);
  return {
    ...{ source, id, version: stored.version },
    standing: standingOfRecord(stored, at, maxCheckInAgeMs),
    marks: marksOfRecord(stored),
    asOf: recordAsOf(stored, sweptAt),
    ...(reachable !== undefined && { reachable }),
  };
}

function factsOfDevice(
  device: Device,
  own: SourceVerdict,
  { standing, marks, asOf, source }: SourceVerdict,
  { site, assurance, medium }: AssumedRequest,
  reach: ReachNow,
): PolicyFacts {
  return {
    ...{ at: reach.now, site, standing, marks: [...new Set([...own.marks, ...marks])], assurance, asOf, source },
    ...(source !== own.source && { records: { found: own.source, all: [own], because: 'worst' as const } }),
    ...reachFacts(reach, source),
    device: deviceFacts(device),
    ...(medium && { nasPortType: PORT_TYPES[medium] }),
  };
}

function enforcing(bySite: Readonly<Record<string, number>>, assumed: CoaBudget): WhatIfReport['enforcing'] {
  const { inFlightPerSite, roundSeconds, settleSeconds } = assumed;
  const secondsBySite = Object.fromEntries(
    Object.entries(bySite).map(([site, jobs]) => [
      site,
      settleSeconds + Math.ceil(jobs / inFlightPerSite) * roundSeconds,
    ]),
  );
  return { secondsBySite, seconds: Math.max(0, ...Object.values(secondsBySite)), assumed };
}
