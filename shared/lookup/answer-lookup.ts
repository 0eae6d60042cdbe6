// The lookup, from the question of a RADIUS server to the decision:
//
//   which identities -> which device (or: ask Intune) -> which policy rule, or override -> decision
//   -> remember the session -> has the device moved?
//
// Device rows are never kept in memory: after a CoA a station may ask another instance, and must not come back in on an
// old copy. A warm lookup reads one row; a cold one reads two, one after the other.

import type { Client } from '../domain/client.ts';
import type { AccessRequest } from '../domain/identity/access-request.ts';
import {
  type IdentityRules,
  type PresentedIdentities,
  presentedIdentities,
} from '../domain/identity/presented-identities.ts';
import { type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { authorityProblems, factsThatCount } from '../domain/policy/certificate-authority.ts';
import { type Decision, type MatchedDevice, sameOutcome, type UnnamedDecision } from '../domain/policy/decision.ts';
import { decisionId } from '../domain/policy/decision-id.ts';
import { evaluateOverridden, type OverriddenResult } from '../domain/policy/overridden.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import { evaluatePolicy, type Policy } from '../domain/policy/policy.ts';
import type { PolicyFacts } from '../domain/policy/policy-facts.ts';
import { sessionBeforeAnswer } from '../domain/session/session.ts';
import { sessionId } from '../domain/session/session-id.ts';
import { isUnknownStation, UNKNOWN_STATION_LIFE_MS } from '../domain/session/session-life.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { OverrideSource } from '../ports/override-source.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import type { Random } from '../ports/random.ts';
import type { RecordsBySite, SiteRecords } from '../ports/site-records.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import { type FoundDevice, findDevice, sameOwners } from './find-device.ts';
import { type FindLiveDeps, queryIfUnknown } from './find-live.ts';
import { policyFacts } from './gather-facts.ts';
import { onlyWithAllIds } from './ids-of-one-device.ts';
import { otherRecords, rulesAt, sameRecords, versionOf, withOtherRecords } from './join-records.ts';
import { needsContradictions, withContradictions } from './look-for-contradictions.ts';
import { type RememberDeps, readKept, rememberAnswer } from './remember-answer.ts';
import type { SessionQuota } from './session-quota.ts';

/** How often a decision is made again because the device moved meanwhile. */
const ROUNDS = 3;
/** No RADIUS server gives up sooner than this; the sample does after a second (NAC_TOTAL_TIMEOUT). */
const MAY_BE_TOO_LATE_MS = 500;
/** What is left at least, after a slow write, to look whether the device has moved meanwhile. */
const LEAST_LOOK_MS = 100;

export interface LookupDeps extends FindLiveDeps, RememberDeps {
  readonly records: RecordsBySite;
  readonly sweepStatus: SweepStatus;
  readonly maxCheckInAgeMs: number;
  /** As a source counts as unreachable to policy; absent where there is no sweep. */
  readonly sourceReachableMs?: ((source: string) => number | undefined) | undefined;
  /** Absent where there is one source alone. */
  readonly joins?: JoinRules | undefined;
  readonly computerDomains?: readonly string[] | undefined;
  readonly policies: PolicySource;
  readonly overrides: OverrideSource;
  readonly random: Random;
  /** Seconds that a permit holds whose session is not kept. */
  readonly unwrittenPermitSeconds: number;
  /** For MAB addresses that lead to no device. */
  readonly unknownStations: SessionQuota;
  /** For all of them. */
  readonly newSessions: SessionQuota;
}

export interface LookupAnswer {
  readonly decision: Decision;
  /** The device's record the decision was made from. */
  readonly stored?: StoredDevice;
  /** Seconds a permit holds, spread by a tenth so that sessions do not all come back together. */
  readonly sessionTimeoutSeconds: number;
  /** How long ago the policy in force was read; more than a minute when the store did not give it since. */
  readonly policyAgeSeconds: number;
}

export interface LookupOptions extends CallOptions {
  /** When the question arrived. */
  readonly askedAt: Instant;
}

/** @throws StoreError when the store does not answer within the deadline of `options` */
export async function answerLookup(
  deps: LookupDeps,
  client: Client,
  request: AccessRequest,
  options: LookupOptions,
): Promise<LookupAnswer> {
  const asked = presentedIdentities(request, deps);
  const [{ policy, since, readAt }, known, records] = await Promise.all([
    deps.policies.current(options),
    deps.overrides.current(),
    deps.records.at(client.site, options),
  ]);
  const joins = rulesAt(deps.joins, records);
  const idOfSession = sessionId(client, request);
  const name = lazyDecisionId(deps, idOfSession);
  const isNew = deps.recentAnswers.get(idOfSession) === undefined;
  const asStored = readKept(deps, idOfSession, client.site, request);
  let writeMs = deps.writeDeadlineMs;
  for (let round = 1; ; round++) {
    const found = asked.authenticated ? await findOrAsk({ ...deps, joins }, records, asked, options) : undefined;
    const counts = needsContradictions(policy, known.overrides);
    const presented = await withContradictions(deps, records, idOfSession, request, asked, found, counts, options);
    const facts = await policyFacts({ ...deps, joins }, client.site, request, presented, found, options);
    const decided = decide(deps, { policy, overrides: known.overrides }, presented, found, facts);
    const isUnknown = isUnknownStation({ method: request.method, decision: { ...decided, id: '' } });
    const answer = withQuestion(isUnknown ? withShortPermit(decided) : decided, options.askedAt);
    const stored = found?.kind === 'found' ? found.stored : undefined;
    const ofDevice = found?.kind === 'found' ? [found.stored, ...(found.joined ?? [])] : [];
    const session = sessionBeforeAnswer(client, request, presented, idOfSession);
    const isOneTooMany = isNew && !mayOpenSession(deps, client, isUnknown);
    const begunMs = deps.clock.now().getTime();
    const { decision, kept } = isOneTooMany
      ? { decision: { ...answer, id: name() }, kept: 'failed' as const }
      : await rememberAnswer(
          deps,
          session,
          answer,
          { records: ofDevice, since, withinMs: writeMs, kept: asStored },
          name,
        );
    writeMs = Math.max(0, writeMs - (deps.clock.now().getTime() - begunMs));
    const [moved] = await Promise.all([
      kept === 'written' && round < ROUNDS ? hasMovedInTime({ ...deps, joins }, records, found, writeMs) : false,
      kept === 'written' && (decision.askedAt !== undefined || !known.isRecent)
        ? compareSoon(deps, idOfSession, writeMs)
        : undefined,
    ]);
    if (moved !== true || writeMs === 0 || options.signal?.aborted === true) {
      const policyAgeSeconds = Math.max(0, Math.round(millisecondsBetween(readAt, facts.at) / 1000));
      const isSure = kept !== 'failed' && moved === false && known.isRecent;
      const answered = spread(deps.random, decision, decision.device && stored);
      const permitSeconds = Math.min(answered.sessionTimeoutSeconds, deps.unwrittenPermitSeconds);
      return { ...answered, ...(!isSure && { sessionTimeoutSeconds: permitSeconds }), policyAgeSeconds };
    }
  }
}

function mayOpenSession({ unknownStations, newSessions }: LookupDeps, { name }: Client, isUnknown: boolean): boolean {
  return (!isUnknown || unknownStations.take(name)) && newSessions.take(name);
}

/** One name for all rounds, so that each overwrites the one before. Most answers are not written and need none. */
function lazyDecisionId({ clock, random }: LookupDeps, idOfSession: string): () => string {
  let name: string | undefined;
  return () => {
    name ??= decisionId(idOfSession, clock.now(), random.hex(4));
    return name;
  };
}

async function findOrAsk(
  deps: LookupDeps,
  records: SiteRecords,
  { identities }: PresentedIdentities,
  options: CallOptions,
): Promise<FoundDevice> {
  const stored = onlyWithAllIds(identities, await findDevice(records, identities, options));
  const found = onlyWithAllIds(identities, await queryIfUnknown(deps, records, stored, identities, options));
  return withOtherRecords(records, deps.joins, found, options);
}

function withQuestion(answer: UnnamedDecision, askedAt: Instant): UnnamedDecision {
  return millisecondsBetween(askedAt, answer.decidedAt) < MAY_BE_TOO_LATE_MS ? answer : { ...answer, askedAt };
}

/** An address that leads to no device is easy to make up: its permit is short. */
function withShortPermit(answer: UnnamedDecision): UnnamedDecision {
  const seconds = Math.min(answer.sessionTimeoutSeconds, UNKNOWN_STATION_LIFE_MS / 1000);
  return { ...answer, sessionTimeoutSeconds: seconds };
}

function decide(
  rules: IdentityRules,
  { policy, overrides }: { readonly policy: Policy; readonly overrides: readonly Override[] },
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  facts: PolicyFacts,
): UnnamedDecision {
  const { standing, device: counts } = factsThatCount(policy, facts);
  const device = found?.kind === 'found' && counts ? matchedDevice(found, facts.asOf) : undefined;
  const inForce = overrides.filter((override) => isInForce(override, facts.at));
  const question = {
    facts,
    identities: presented.identities,
    device: found?.kind === 'found' ? found.stored.device : undefined,
    joined: found?.kind === 'found' ? found.joined?.map(versionOf) : undefined,
  };
  const { unread = [], overrideProblems = [], ...result } = evaluateOverridden(policy, inForce, question);
  return {
    ...result,
    decidedAt: facts.at,
    standing,
    ...(device && { device }),
    problems: [
      ...presented.problems,
      ...authorityProblems(policy, facts, rules),
      ...overrideProblems,
      ...unread.map((condition) => `unreadable-${condition}` as const),
    ],
    ...(device && isWaiting(policy, facts, result) && { waiting: true }),
    facts,
  };
}

/** Whether the answer would be another one, were the device compliant. */
function isWaiting(policy: Policy, facts: PolicyFacts, { outcome, override }: OverriddenResult): boolean {
  if (facts.standing === 'compliant' || override !== undefined) return false;
  return !sameOutcome(outcome, evaluatePolicy(policy, { ...facts, standing: 'compliant' }).outcome);
}

function matchedDevice(
  { stored, identity, live, joined = [] }: FoundDevice & { kind: 'found' },
  asOf?: Instant,
): MatchedDevice {
  const { device, version, observedAt } = stored;
  return {
    source: device.source,
    id: device.id,
    ...(device.name !== undefined && { name: device.name }),
    version,
    identity: { kind: identity.kind, assurance: identity.assurance, origin: identity.origin },
    ...(joined.length > 0 && { joined: joined.map(versionOf) }),
    asOf: asOf ?? observedAt,
    ...(live && { live }),
  };
}

/**
 * A decision by an old list of overrides may miss a block that was made since: an instance with the new list looks at
 * it. An answer that comes too late reaches no NAS: accounting has said what the station has instead, or will say it.
 * Where this cannot be noted, the comparison of all sessions finds it.
 */
async function compareSoon(deps: LookupDeps, idOfSession: string, withinMs: number): Promise<void> {
  const at = toInstant(deps.clock.now());
  try {
    await deps.clock.within(Math.max(withinMs, LEAST_LOOK_MS), (signal) =>
      deps.sessions.noteToCompare(idOfSession, at, { signal }),
    );
  } catch (thrown) {
    deps.log.warn('lookup.late-answer-not-noted', { session: idOfSession, error: String(thrown) });
  }
}

/** @returns `undefined` where the store does not say in time: then the permit is short */
async function hasMovedInTime(
  deps: LookupDeps,
  records: SiteRecords,
  found: FoundDevice | undefined,
  withinMs: number,
): Promise<boolean | undefined> {
  try {
    const atLeastMs = Math.max(withinMs, LEAST_LOOK_MS);
    return await deps.clock.within(atLeastMs, (signal) => hasMoved(records, deps.joins, found, { signal }));
  } catch (thrown) {
    deps.metrics.count('lookup.device-not-read-again');
    deps.log.warn('lookup.device-not-read-again', { error: String(thrown) });
    return undefined;
  }
}

/**
 * A poll that changed the device before it could see this session would not enforce the change on it. So the second
 * writer looks at what the first wrote: the poll writes the device, then reads sessions; we write the session, then
 * look here.
 */
async function hasMoved(
  records: SiteRecords,
  joins: JoinRules | undefined,
  found: FoundDevice | undefined,
  options: CallOptions,
): Promise<boolean> {
  if (found?.kind !== 'found') return false;
  const { stored, live, joined = [] } = found;
  const [current, isShared, others] = await Promise.all([
    records.read(stored.device, options),
    isOwnedByOthers(records, found, options),
    otherRecords(records, joins, stored, options),
  ]);
  return (
    isShared ||
    others === 'too-many' ||
    !sameRecords(others, joined) ||
    (live ? current?.presence === 'present' : current?.version !== stored.version)
  );
}

/** Another device got the identity after this process remembered its owner: its change could not see this session. */
async function isOwnedByOthers(
  records: SiteRecords,
  { identity, remembered }: FoundDevice & { kind: 'found' },
  options: CallOptions,
): Promise<boolean> {
  if (remembered === undefined) return false;
  return !sameOwners(remembered, await records.readOwners(identity, { ...options, fresh: true }));
}

function spread(
  random: Random,
  decision: Decision,
  stored: StoredDevice | undefined,
): Omit<LookupAnswer, 'policyAgeSeconds'> {
  const share = 0.9 + random.fraction() * 0.2;
  return {
    decision,
    ...(stored && { stored }),
    sessionTimeoutSeconds: Math.round(decision.sessionTimeoutSeconds * share),
  };
}
