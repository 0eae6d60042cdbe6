// What a session would be told if it asked now: the lookup's own decision, without an answer and without a trace.

import type { AnswerNow } from '../domain/answer-now.ts';
import { type Decision, sameOutcome } from '../domain/decision.ts';
import { millisecondsBetween } from '../domain/instant.ts';
import { evaluatePolicy, looksAtContradictions } from '../domain/policy.ts';
import { type QuestionFacts, questionFacts } from '../domain/policy-facts.ts';
import type { PresentedIdentities } from '../domain/presented-identities.ts';
import type { Session } from '../domain/session.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { PolicyInForce, PolicySource } from '../ports/policy-source.ts';
import { contradictions, isContradiction } from './contradictions.ts';
import { type FoundDevice, findDevice } from './find-device.ts';
import { orToldByIntune } from './find-live.ts';
import { type FactsDeps, policyFacts } from './policy-facts.ts';

export interface DecideAgainDeps extends FactsDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly policies: PolicySource;
  readonly certificateSource: string;
}

/** How far the clocks of two instances may be apart. */
const CLOCK_SKEW_MS = 30_000;

/**
 * While instances may still answer by the policy before, either answer is right: whoever was told what one of the two
 * says is left alone.
 */
export async function decideAgain(deps: DecideAgainDeps, session: Session): Promise<AnswerNow> {
  const { presented, decision } = session;
  const options = { fresh: true };
  const found = presented.authenticated
    ? await orToldByIntune(deps.devices, await findDevice(deps, presented.identities, options), session)
    : undefined;
  const { policy, outgoing } = await policiesFor(deps.policies, decision);
  const looks = [policy, ...outgoing].some(looksAtContradictions);
  const asked = looks ? await withContradictionsNow(deps, session, found) : presented;
  const facts = await policyFacts(deps, session.site, { ...session, ...recorded(session) }, asked, found, {});
  const now = evaluatePolicy(policy, facts);
  const before = outgoing
    .map((earlier) => evaluatePolicy(earlier, facts))
    .find((earlier) => sameOutcome(earlier.outcome, decision.outcome));
  const { outcome, rule } = before ?? now;
  if (found?.kind !== 'found') return { outcome, standing: facts.standing, rule };
  const { device, version, observedAt } = found.stored;
  return {
    outcome,
    standing: facts.standing,
    rule,
    device: { source: device.source, id: device.id, version, observedAt },
  };
}

/** What the question said that the session keeps in its decision alone. */
function recorded({ decision: { facts } }: Session): QuestionFacts {
  return facts ? questionFacts(facts) : {};
}

async function withContradictionsNow(
  deps: DecideAgainDeps,
  { presented, decision, mac }: Session,
  found: FoundDevice | undefined,
): Promise<PresentedIdentities> {
  const now = await contradictions(deps, mac, presented.identities, found, { fresh: true });
  const others = [...presented.problems, ...decision.problems].filter((problem) => !isContradiction(problem));
  return { ...presented, problems: [...others, ...now] };
}

/** A session told just now by a version nobody here has heard of yet: somebody activated it a moment ago. */
async function policiesFor(policies: PolicySource, decision: Decision): Promise<PolicyInForce> {
  const known = await policies.current();
  const isKnown = [known.policy, ...known.outgoing].some(({ version }) => version === decision.policyVersion);
  const isNews = millisecondsBetween(known.readAt, decision.decidedAt) > -CLOCK_SKEW_MS;
  return !isKnown && isNews ? policies.current({ fresh: true }) : known;
}
