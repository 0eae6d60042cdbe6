// A decision: what a RADIUS server was told about a station, and why.

import type { ComplianceState } from './compliance-state.ts';
import type { Assurance, IdentityKind } from './identity.ts';
import type { Instant } from './instant.ts';
import type { IdentityProblem } from './presented-identities.ts';

/** What is known of the device behind a request: its compliance state, or why there is none. */
export type Standing =
  | ComplianceState
  /** Being retired, wiped or deleted, whatever its compliance state says. */
  | 'beingRemoved'
  /** Nothing in the store answers to the identities presented. */
  | 'notEnrolled'
  /** Several devices hold the same address (a dock, a shared adapter): no telling which one this is. */
  | 'ambiguous'
  /** The request presented no identity that may be relied on. */
  | 'unidentified'
  /** The site authenticated nobody and this is no MAB. */
  | 'notAuthenticated';

/** What the network is asked to do. */
export type Outcome =
  | { readonly verdict: 'permit'; readonly role: string; readonly vlan: string }
  | { readonly verdict: 'deny' };

export interface PolicyResult {
  readonly outcome: Outcome;
  /** Name of the rule that matched. */
  readonly rule: string;
  readonly policyVersion: string;
  /** How long a permit holds before the NAS asks again, in seconds, before spreading. */
  readonly sessionTimeoutSeconds: number;
}

/** The device a decision rests on, at the version it had. */
export interface MatchedDevice {
  readonly source: string;
  readonly id: string;
  readonly name?: string;
  readonly version: number;
  readonly identity: { readonly kind: IdentityKind; readonly assurance: Assurance; readonly origin: string };
  /** When Intune was last known to say this. */
  readonly asOf: Instant;
}

export interface Decision extends PolicyResult {
  /** Also the RADIUS Class attribute of a permit, so accounting leads back here. Starts with the session's id. */
  readonly id: string;
  readonly decidedAt: Instant;
  readonly standing: Standing;
  readonly device?: MatchedDevice;
  readonly problems: readonly IdentityProblem[];
}

/** True when both would have the network do the same for the same reason from the same facts. */
export function sameAnswer(a: Decision, b: Decision): boolean {
  return (
    JSON.stringify(a.outcome) === JSON.stringify(b.outcome) &&
    a.rule === b.rule &&
    a.policyVersion === b.policyVersion &&
    a.standing === b.standing &&
    a.device?.source === b.device?.source &&
    a.device?.id === b.device?.id &&
    a.device?.version === b.device?.version &&
    JSON.stringify(a.device?.identity) === JSON.stringify(b.device?.identity) &&
    JSON.stringify(a.problems) === JSON.stringify(b.problems)
  );
}

/** True when the network would do the same. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.verdict === 'deny' || b.verdict === 'deny') return a.verdict === b.verdict;
  return a.role === b.role && a.vlan === b.vlan;
}
