// The answer that a session would get if it asked now: the lookup's own decision, without an answer and without a
// trace.

import type { PresentedIdentities } from '../domain/identity/presented-identities.ts';
import { millisecondsBetween, toInstant } from '../domain/instant.ts';
import { type Decision, sameOutcome } from '../domain/policy/decision.ts';
import { evaluateOverridden } from '../domain/policy/overridden.ts';
import { isInForce, OVERRIDE_SETTLE_MS, wasInForce } from '../domain/policy/override.ts';
import { looksAtContradictions } from '../domain/policy/policy.ts';
import { type QuestionFacts, questionFacts } from '../domain/policy/policy-facts.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { KnownOverrides, OverrideSource } from '../ports/override-source.ts';
import type { PolicyInForce, PolicySource } from '../ports/policy-source.ts';
import type { RecordsBySite, SiteRecords } from '../ports/site-records.ts';
import { contradictions, identitiesBeside, isContradiction } from './contradictions.ts';
import { type FoundDevice, findDevice } from './find-device.ts';
import { orLiveVerdict } from './find-live.ts';
import { type FactsDeps, policyFacts } from './gather-facts.ts';
import { onlyWithAllIds } from './ids-of-one-device.ts';
import { rulesAt, versionOf, withOtherRecords } from './join-records.ts';

export interface DecideAgainDeps extends FactsDeps {
  readonly records: RecordsBySite;
  readonly policies: PolicySource;
  readonly overrides: OverrideSource;
}

/** How far the clocks of two instances may be apart. */
const CLOCK_SKEW_MS = 30_000;

/**
 * While instances may still answer by the policy or the overrides of before, each of these answers is right: a station
 * that got one of them is left alone.
 */
export async function decideAgain(deps: DecideAgainDeps, session: Session): Promise<AnswerNow> {
  const { presented, decision } = session;
  const records = await deps.records.at(session.site);
  const joins = rulesAt(deps.joins, records);
  const found = presented.authenticated ? await findAgain(records, joins, session) : undefined;
  const { policy, outgoing } = await policiesFor(deps.policies, decision);
  const overrides = await overridesFor(deps, decision);
  // Whether a let-on by device counts depends on them, too.
  const looks =
    overrides.some(({ effect, target }) => effect.kind === 'let-on' && 'device' in target) ||
    [policy, ...outgoing].some(looksAtContradictions);
  const asked = looks ? await withContradictionsNow(records, session, found) : presented;
  const facts = await policyFacts(
    { ...deps, joins },
    session.site,
    { ...session, ...recorded(session) },
    asked,
    found,
    {},
  );
  const question = {
    facts,
    identities: asked.identities,
    device: found?.kind === 'found' ? found.stored.device : undefined,
    joined: found?.kind === 'found' ? found.joined?.map(versionOf) : undefined,
  };
  const inForce = overrides.filter((override) => isInForce(override, facts.at));
  const earlier = overrides.filter((override) => wasInForce(override, facts.at));
  const now = evaluateOverridden(policy, inForce, question);
  const before = [policy, ...outgoing]
    .flatMap((given) => [inForce, earlier].map((list) => evaluateOverridden(given, list, question)))
    .find((given) => sameOutcome(given.outcome, decision.outcome));
  const { outcome, rule, override } = before ?? now;
  const beside = looks ? identitiesBeside(session.mac, presented.identities, found) : [];
  const answer = {
    outcome,
    standing: facts.standing,
    rule,
    ...(override && { override: override.id }),
    ...(beside.length > 0 && { beside }),
  };
  if (found?.kind !== 'found') return answer;
  const { stored, joined = [] } = found;
  const { source, id } = stored.device;
  const observed = [stored, ...joined].map(({ observedAt }) => observedAt).sort();
  return {
    ...answer,
    device: {
      ...{ source, id, version: stored.version, observedAt: observed.at(-1) ?? stored.observedAt },
      ...(joined.length > 0 && { joined: joined.map(versionOf) }),
    },
  };
}

async function findAgain(records: SiteRecords, joins: JoinRules | undefined, session: Session): Promise<FoundDevice> {
  const { identities } = session.presented;
  const stored = await findDevice(records, identities, { fresh: true });
  const found = onlyWithAllIds(identities, await orLiveVerdict(records, stored, session));
  return withOtherRecords(records, joins, found, {});
}

/** What the question said that the session keeps in its decision alone. */
function recorded({ decision: { facts } }: Session): QuestionFacts {
  return facts ? questionFacts(facts) : {};
}

async function withContradictionsNow(
  records: SiteRecords,
  { presented, decision, mac }: Session,
  found: FoundDevice | undefined,
): Promise<PresentedIdentities> {
  const now = await contradictions(records, mac, presented.identities, found, { fresh: true });
  // A certificate that identifies nothing contradicts itself; no record can change that.
  const stays = presented.identities.length === 0;
  const others = [...presented.problems, ...decision.problems].filter((problem) => stays || !isContradiction(problem));
  return { ...presented, problems: [...others, ...now] };
}

/** A session answered just now by an override that this process does not know yet. */
async function overridesFor(
  { overrides: source, clock }: Pick<DecideAgainDeps, 'overrides' | 'clock'>,
  { override, decidedAt }: Decision,
): Promise<KnownOverrides['overrides']> {
  const { overrides } = await source.current();
  const isKnown = override === undefined || overrides.some(({ id }) => id === override.id);
  const isNews = millisecondsBetween(decidedAt, toInstant(clock.now())) < OVERRIDE_SETTLE_MS + CLOCK_SKEW_MS;
  return !isKnown && isNews ? (await source.current({ fresh: true })).overrides : overrides;
}

/** A session may have been answered by a version that this process does not know yet: it was activated a moment ago. */
async function policiesFor(policies: PolicySource, decision: Decision): Promise<PolicyInForce> {
  const known = await policies.current();
  const isKnown = [known.policy, ...known.outgoing].some(({ version }) => version === decision.policyVersion);
  const isNews = millisecondsBetween(known.readAt, decision.decidedAt) > -CLOCK_SKEW_MS;
  return !isKnown && isNews ? policies.current({ fresh: true }) : known;
}
