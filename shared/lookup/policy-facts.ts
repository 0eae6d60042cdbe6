// What a policy may look at, put together from the request or the session, and from what was found.

import { type Instant, toInstant } from '../domain/instant.ts';
import { deviceFacts, type FactsSource, type PolicyFacts, requestFacts } from '../domain/policy-facts.ts';
import type { PresentedIdentities } from '../domain/presented-identities.ts';
import type { StandingMark } from '../domain/standing.ts';
import type { CallOptions, Clock, StoredDevice, SweepStatus } from '../ports.ts';
import type { FoundDevice } from './find-device.ts';
import { standingOf } from './standing.ts';

export interface FactsDeps {
  readonly sweepStatus: SweepStatus;
  readonly clock: Clock;
}

/** @param asker the request with its site, or the session it has become */
export async function policyFacts(
  deps: FactsDeps,
  asker: FactsSource,
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  options: CallOptions,
): Promise<PolicyFacts> {
  const known = {
    ...requestFacts(asker),
    at: toInstant(deps.clock.now()),
    standing: standingOf(presented, found),
    marks: [],
  };
  if (found?.kind !== 'found') return known;
  const { stored, identity } = found;
  return {
    ...known,
    marks: marksOf(stored),
    assurance: identity.assurance,
    asOf: stored.confirmedUntil ?? laterOf(stored.observedAt, await deps.sweepStatus.lastCompleteStartedAt(options)),
    device: deviceFacts(stored.device),
  };
}

/** A present record that is not in doubt was confirmed by every complete sweep since it was written. */
function laterOf(observedAt: Instant, sweptAt: Instant | undefined): Instant {
  return sweptAt !== undefined && sweptAt > observedAt ? sweptAt : observedAt;
}

function marksOf({ confirmedUntil, held }: StoredDevice): StandingMark[] {
  return [
    ...(confirmedUntil === undefined ? [] : (['stale'] as const)),
    ...(held === undefined ? [] : (['held'] as const)),
  ];
}
