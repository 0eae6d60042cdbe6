// What a session would be told if it asked now: the lookup's own decision, without an answer and without a trace.

import type { AnswerNow } from '../domain/answer-now.ts';
import { sameOutcome } from '../domain/decision.ts';
import { evaluatePolicy } from '../domain/policy.ts';
import type { Session } from '../domain/session.ts';
import type { DeviceStore, IdentityStore, PolicySource } from '../ports.ts';
import { findDevice } from './find-device.ts';
import { type FactsDeps, policyFacts } from './policy-facts.ts';

export interface DecideAgainDeps extends FactsDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly policies: PolicySource;
  readonly certificateSource: string;
}

/**
 * While instances may still answer by the policy before, either answer is right: whoever was told what one of the two
 * says is left alone.
 */
export async function decideAgain(deps: DecideAgainDeps, session: Session): Promise<AnswerNow> {
  const { presented } = session;
  const options = { fresh: true };
  const found = presented.authenticated ? await findDevice(deps, presented.identities, options) : undefined;
  const facts = await policyFacts(deps, session, presented, found, {});
  const { policy, outgoing } = await deps.policies.current();
  const now = evaluatePolicy(policy, facts);
  const before = outgoing && evaluatePolicy(outgoing, facts);
  const leftAlone = before !== undefined && sameOutcome(before.outcome, session.decision.outcome);
  const { outcome, rule } = leftAlone ? before : now;
  if (found?.kind !== 'found') return { outcome, standing: facts.standing, rule };
  const { device, version, observedAt } = found.stored;
  return {
    outcome,
    standing: facts.standing,
    rule,
    device: { source: device.source, id: device.id, version, observedAt },
  };
}
