// When an answer looks for contradictions: each time where policy asks for them, else when the answer is written.

import type { AccessRequest } from '../domain/identity/access-request.ts';
import { type PresentedIdentities, stationMac } from '../domain/identity/presented-identities.ts';
import { toInstant } from '../domain/instant.ts';
import type { Override } from '../domain/policy/override.ts';
import { looksAtContradictions, type Policy } from '../domain/policy/policy.ts';
import { sameData } from '../domain/same-data.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecentAnswers } from '../ports/recent-answers.ts';
import type { SiteRecords } from '../ports/site-records.ts';
import { contradictions, identitiesBeside, isContradiction } from './contradictions.ts';
import type { FoundDevice } from './find-device.ts';
import { isReauthenticationAskedFor } from './remember-answer.ts';

export interface LookForContradictionsDeps {
  readonly recentAnswers: RecentAnswers;
  readonly clock: Clock;
}

/** Whether a contradiction changes an answer: by a condition of policy, or of a device that is let on. */
export function needsContradictions(policy: Policy, overrides: readonly Override[]): boolean {
  return looksAtContradictions(policy) || overrides.some(isOfDevice);
}

function isOfDevice({ effect, target }: Override): boolean {
  return effect.kind === 'let-on' && 'device' in target;
}

/**
 * Only when an answer is written: the address of a wired station often leads to no device, and a warm lookup reads one
 * row.
 */
export async function withContradictions(
  deps: LookForContradictionsDeps,
  records: SiteRecords,
  ofSession: string,
  request: AccessRequest,
  presented: PresentedIdentities,
  found: FoundDevice | undefined,
  counts: boolean,
  options: CallOptions,
): Promise<PresentedIdentities> {
  const mac = stationMac(request);
  const beside = identitiesBeside(mac, presented.identities, found);
  const recent = deps.recentAnswers.get(ofSession);
  const before = recent && toInstant(deps.clock.now()) < recent.freshUntil ? recent.session : undefined;
  const device = found?.kind === 'found' ? found.stored : undefined;
  const sameAsBefore =
    before?.decision.device?.source === device?.device.source &&
    before?.decision.device?.id === device?.device.id &&
    before?.decision.device?.version === device?.version &&
    before?.mac === mac &&
    sameData(before?.presented.identities, presented.identities);
  // A station that a CoA sends to ask again, since another device has got its address by now, must not meet what was so
  // before.
  const isNew = counts && beside.length > 0 && isReauthenticationAskedFor(device, toInstant(deps.clock.now()));
  const contradicting =
    sameAsBefore && !isNew
      ? before?.decision.problems.filter(isContradiction)
      : await contradictions(records, mac, presented.identities, found, { ...options, freshAddress: isNew });
  const problems = [...presented.problems, ...(contradicting ?? [])];
  return { ...presented, problems, ...(beside.length > 0 && { beside }) };
}
