// The lookup, from the question of a RADIUS server to the decision:
//
//   which identities -> which device (or: ask Intune) -> which policy rule -> decision -> remember the session -> has the device moved?
//
// Device rows are never kept in memory: after a CoA a station may ask another instance, and must not come back in on an
// old copy. A warm lookup reads one row; a cold one reads two, one after the other.

import type { AccessRequest } from '../domain/access-request.ts';
import type { Client } from '../domain/client.ts';
import { type Decision, type MatchedDevice, type PolicyResult, sameAnswer, sameOutcome } from '../domain/decision.ts';
import { decisionId } from '../domain/decision-id.ts';
import { JOB_LIFE_MS } from '../domain/enforcement-job.ts';
import { type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { evaluatePolicy, type Policy } from '../domain/policy.ts';
import type { PolicyFacts } from '../domain/policy-facts.ts';
import { type PresentedIdentities, presentedIdentities, stationMac } from '../domain/presented-identities.ts';
import { openSession, type Session, sessionId } from '../domain/session.ts';
import type {
  CallOptions,
  Clock,
  DeviceStore,
  IdentityStore,
  Logger,
  Metrics,
  PolicySource,
  Privacy,
  Random,
  RecentAnswer,
  RecentAnswers,
  SessionStore,
  StoredDevice,
  SweepStatus,
} from '../ports.ts';
import { contradictions, isContradiction } from './contradictions.ts';
import { type FoundDevice, findDevice } from './find-device.ts';
import { type FindLiveDeps, orAskIntune } from './find-live.ts';
import { policyFacts } from './policy-facts.ts';

/** An unchanged session is written again after this long, as a sign that it lives. */
const REWRITE_AFTER_MS = 5 * 60_000;
/** A session that cannot be written in this time must not hold up the answer. */
const SESSION_DEADLINE_MS = 100;
/** How often a decision is made anew because the device moved meanwhile. */
const ROUNDS = 3;

export interface LookupDeps extends FindLiveDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly sessions: SessionStore;
  readonly recentAnswers: RecentAnswers;
  readonly sweepStatus: SweepStatus;
  readonly maxCheckInAgeMs: number;
  readonly policies: PolicySource;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly privacy: Privacy;
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

/** @throws StoreError when the store does not answer within the deadline of `options` */
export async function answerLookup(
  deps: LookupDeps,
  client: Client,
  request: AccessRequest,
  options: CallOptions,
): Promise<LookupAnswer> {
  const asked = presentedIdentities(request);
  const { policy, readAt } = await deps.policies.current(options);
  const asker = { ...request, site: client.site };
  const ofSession = sessionId(client, request);
  const id = decisionId(ofSession, deps.clock.now(), deps.random.hex(4));
  for (let round = 1; ; round++) {
    const found = asked.authenticated ? await findOrAsk(deps, asked, options) : undefined;
    const presented = await withContradictions(deps, ofSession, request, asked, found, options);
    const facts = await policyFacts(deps, asker, presented, found, options);
    const decision = decide(policy, id, presented, found, facts);
    const stored = found?.kind === 'found' ? found.stored : undefined;
    const session = openSession(client, request, presented, decision, ofSession);
    const remembered = await remember(deps, session, stored);
    if (round === ROUNDS || !remembered.written || !(await hasMoved(deps, found, options))) {
      const policyAgeSeconds = Math.max(0, Math.round(millisecondsBetween(readAt, facts.at) / 1000));
      if (!remembered.unchanged) logAnswer(deps, session, remembered.decision);
      return { ...spread(deps.random, remembered.decision, stored), policyAgeSeconds };
    }
  }
}

async function findOrAsk(
  deps: LookupDeps,
  { identities }: PresentedIdentities,
  options: CallOptions,
): Promise<FoundDevice> {
  return orAskIntune(deps, await findDevice(deps, identities, options), identities, options);
}

/** Looked for once in the life of an answer, since the address of a wired station is often nobody's: a warm lookup reads one row. */
async function withContradictions(
  deps: LookupDeps,
  ofSession: string,
  request: AccessRequest,
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  options: CallOptions,
): Promise<PresentedIdentities> {
  const mac = stationMac(request);
  const before = deps.recentAnswers.get(ofSession)?.session;
  const device = found?.kind === 'found' ? found.stored : undefined;
  const sameAsBefore =
    before?.decision.device?.id === device?.device.id &&
    before?.decision.device?.version === device?.version &&
    before?.mac === mac &&
    JSON.stringify(before?.presented.identities) === JSON.stringify(presented.identities);
  const contradicting = sameAsBefore
    ? before?.decision.problems.filter(isContradiction)
    : await contradictions(deps, mac, presented.identities, found, options);
  return { ...presented, problems: [...presented.problems, ...(contradicting ?? [])] };
}

function decide(
  policy: Policy,
  id: string,
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  facts: PolicyFacts,
): Decision {
  const device = found?.kind === 'found' ? matchedDevice(found, facts.asOf) : undefined;
  const result = evaluatePolicy(policy, facts);
  return {
    ...result,
    id,
    decidedAt: facts.at,
    standing: facts.standing,
    ...(device && { device }),
    problems: presented.problems,
    ...(device && isWaiting(policy, facts, result) && { waiting: true }),
    facts,
  };
}

/** Whether the answer would be another one, were the device compliant. */
function isWaiting(policy: Policy, facts: PolicyFacts, { outcome }: PolicyResult): boolean {
  if (facts.standing === 'compliant') return false;
  return !sameOutcome(outcome, evaluatePolicy(policy, { ...facts, standing: 'compliant' }).outcome);
}

function matchedDevice({ stored, identity, live }: FoundDevice & { kind: 'found' }, asOf?: Instant): MatchedDevice {
  const { device, version, observedAt } = stored;
  return {
    source: device.source,
    id: device.id,
    ...(device.name !== undefined && { name: device.name }),
    version,
    identity: { kind: identity.kind, assurance: identity.assurance, origin: identity.origin },
    asOf: asOf ?? observedAt,
    ...(live && { live }),
  };
}

/**
 * Writes the session unless this process has written the very same within five minutes; then that decision stands. Where an
 * operator has asked for it to authenticate again, the session shows every time that it does.
 */
async function remember(
  deps: LookupDeps,
  session: Session,
  stored: StoredDevice | undefined,
): Promise<{ decision: Decision; written: boolean; unchanged: boolean }> {
  const recent = deps.recentAnswers.get(session.id);
  const now = toInstant(deps.clock.now());
  if (recent && isStillRight(recent, session, now) && !isAskedFor(stored, now)) {
    // The id of the decision that is stored, with the freshness of this one.
    return { decision: { ...session.decision, id: recent.session.decision.id }, written: false, unchanged: true };
  }
  try {
    await deps.sessions.writeDecision(session, { signal: deps.clock.deadline(SESSION_DEADLINE_MS) });
    deps.recentAnswers.set(session.id, { session, writtenAt: session.decision.decidedAt });
    return { decision: session.decision, written: true, unchanged: false };
  } catch (thrown) {
    deps.metrics.count('lookup.session-not-written');
    deps.log.warn('lookup.session-not-written', { session: session.id, error: String(thrown) });
    return { decision: session.decision, written: false, unchanged: false };
  }
}

/** As long as the job may be under way. */
function isAskedFor(stored: StoredDevice | undefined, now: Instant): boolean {
  const askedAt = stored?.reauthenticationAskedAt;
  return askedAt !== undefined && millisecondsBetween(askedAt, now) < JOB_LIFE_MS;
}

function isStillRight(recent: RecentAnswer, session: Session, now: Instant): boolean {
  const { decision: before, ...placeBefore } = recent.session;
  const { decision, ...place } = session;
  return (
    sameAnswer(before, decision) &&
    JSON.stringify(placeBefore) === JSON.stringify(place) &&
    millisecondsBetween(recent.writtenAt, now) < REWRITE_AFTER_MS
  );
}

/**
 * A poll that changed the device before it could see this session would tell nobody: whoever writes second must look
 * at what the other wrote. The poll writes the device first, then reads sessions; we write the session, then look here.
 */
async function hasMoved(deps: LookupDeps, found: FoundDevice | undefined, options: CallOptions): Promise<boolean> {
  if (found?.kind !== 'found') return false;
  const { stored, live } = found;
  const current = await deps.devices.read(stored.device, options);
  return live ? current?.presence === 'present' : current?.version !== stored.version;
}

/** Once for an answer, and again when it is written again: a station that asks every minute for the same is no news. */
function logAnswer(deps: LookupDeps, session: Session, decision: Decision): void {
  deps.log.info('lookup.answered', {
    decision: decision.id,
    site: session.site,
    client: session.client,
    mac: deps.privacy.mac(session.mac),
    user: deps.privacy.userName(session.userName),
    outcome: decision.outcome,
    observed: decision.observed,
    standing: decision.standing,
    rule: decision.rule,
    problems: decision.problems,
  });
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
