// What is known of the device behind a request, from what was presented and what was found.

import { standingOfRecord } from '../domain/device/record-standing.ts';
import type { PresentedIdentities } from '../domain/identity/presented-identities.ts';
import type { Instant } from '../domain/instant.ts';
import type { Standing } from '../domain/policy/decision.ts';
import type { FoundDevice } from './find-device.ts';

/** @param maxCheckInAgeMs a device whose last check-in is older counts as silent */
export function standingOf(
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  at: Instant,
  maxCheckInAgeMs: number,
): Standing {
  if (!presented.authenticated || found === undefined) return 'notAuthenticated';
  if (found.kind === 'found') return standingOfRecord(found.stored, at, maxCheckInAgeMs);
  return presented.identities.length === 0 ? 'unidentified' : found.kind;
}
