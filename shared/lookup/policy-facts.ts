// What a policy may look at, put together from the request or the session, and from what was found.

import { toInstant } from '../domain/instant.ts';
import { deviceFacts, type FactsSource, type PolicyFacts, requestFacts } from '../domain/policy-facts.ts';
import type { PresentedIdentities } from '../domain/presented-identities.ts';
import { marksOfRecord, recordAsOf } from '../domain/record-standing.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import type { FoundDevice } from './find-device.ts';
import { standingOf } from './standing.ts';

export interface FactsDeps {
  readonly sweepStatus: SweepStatus;
  readonly clock: Clock;
  /** A device whose last check-in is older counts as silent, whatever its state. */
  readonly maxCheckInAgeMs: number;
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
  const known = {
    ...requestFacts(site, asker),
    at,
    standing: standingOf(presented, found, at, deps.maxCheckInAgeMs),
    marks: [],
  };
  if (found?.kind !== 'found') return known;
  const { stored, identity } = found;
  return {
    ...known,
    marks: marksOfRecord(stored),
    assurance: identity.assurance,
    asOf: recordAsOf(stored, await deps.sweepStatus.lastCompleteStartedAt(options)),
    device: deviceFacts(stored.device),
  };
}
