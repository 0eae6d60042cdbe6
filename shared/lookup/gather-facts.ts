// What a policy may look at, put together from the request or the session, and from what was found.

import { marksOfRecord, recordAsOf } from '../domain/device/record-standing.ts';
import { contradictionsAmong, type PresentedIdentities } from '../domain/identity/presented-identities.ts';
import { millisecondsBetween, toInstant } from '../domain/instant.ts';
import { deviceFacts, type FactsSource, type PolicyFacts, requestFacts } from '../domain/policy/policy-facts.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import type { FoundDevice } from './find-device.ts';
import { standingOf } from './found-standing.ts';

export interface FactsDeps {
  readonly sweepStatus: SweepStatus;
  readonly clock: Clock;
  /** A device whose last check-in is older counts as silent, in every compliance state. */
  readonly maxCheckInAgeMs: number;
  /** A source whose newest complete sweep began longer ago counts as unreachable; absent where there is no sweep. */
  readonly sourceReachableMs?: ((source: string) => number | undefined) | undefined;
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
    contradictions: contradictionsAmong(presented.problems),
  };
  if (found?.kind !== 'found') return known;
  const { stored, identity } = found;
  const { source } = stored.device;
  const sweptAt = await deps.sweepStatus.lastCompleteStartedAt(source, options);
  const reachableMs = deps.sourceReachableMs?.(source);
  const reachable =
    reachableMs === undefined || sweptAt === undefined
      ? {}
      : { sourceReachable: millisecondsBetween(sweptAt, at) <= reachableMs };
  return {
    ...known,
    marks: marksOfRecord(stored),
    assurance: identity.assurance,
    asOf: recordAsOf(stored, sweptAt),
    source,
    ...reachable,
    device: deviceFacts(stored.device),
  };
}
