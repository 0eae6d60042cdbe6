// What a session would be told if it asked now: the lookup's own decision, without an answer and without a trace.

import type { AnswerNow } from '../domain/answer-now.ts';
import { type BuiltInPolicy, evaluatePolicy } from '../domain/policy.ts';
import type { Session } from '../domain/session.ts';
import type { DeviceStore, IdentityStore } from '../ports.ts';
import { findDevice } from './find-device.ts';
import { standingOf } from './standing.ts';

export interface DecideAgainDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  readonly policy: BuiltInPolicy;
  readonly certificateSource: string;
}

export async function decideAgain(deps: DecideAgainDeps, { presented }: Session): Promise<AnswerNow> {
  const found = presented.authenticated ? await findDevice(deps, presented.identities, { fresh: true }) : undefined;
  const standing = standingOf(presented, found);
  const { outcome, rule } = evaluatePolicy(deps.policy, standing);
  if (found?.kind !== 'found') return { outcome, standing, rule };
  const { device, version, observedAt } = found.stored;
  return { outcome, standing, rule, device: { source: device.source, id: device.id, version, observedAt } };
}
