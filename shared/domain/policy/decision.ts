// A decision: the answer to a RADIUS server about a station, and its reasons.

import { type DeviceKey, deviceKeyText } from '../device/device.ts';
import type { Standing } from '../device/standing.ts';
import type { Assurance, IdentityKind } from '../identity/identity.ts';
import type { IdentityProblem } from '../identity/presented-identities.ts';
import type { Instant } from '../instant.ts';
import type { AppliedOverride } from './override.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { ReplyAttributes } from './reply-attributes.ts';

export type { Standing } from '../device/standing.ts';

/** A Session-Timeout is spread by a tenth. */
export const TIMEOUT_SPREAD = 1.1;

/** What the network is asked to do. */
export type Outcome = Permit | { readonly verdict: 'deny' };

export interface Permit {
  readonly verdict: 'permit';
  readonly role: string;
  readonly vlan: string;
  readonly acl?: string;
  readonly redirectUrl?: string;
  readonly attributes?: ReplyAttributes;
}

export interface PolicyResult {
  /** The answer to the network. */
  readonly outcome: Outcome;
  /** The answer that it would be, were the rule or the site not only observed. */
  readonly observed?: Outcome;
  /** Name of the rule that matched. */
  readonly rule: string;
  readonly policyVersion: string;
  /** How long a permit holds before the NAS asks again, in seconds, before spreading. */
  readonly sessionTimeoutSeconds: number;
  /** Conditions that could not be read and might have decided otherwise. */
  readonly unread?: readonly string[];
}

export interface RecordVersion extends DeviceKey {
  readonly version: number;
}

/** Comparable, whatever order the sources stand in; empty without records. */
export function recordVersionsText(records: readonly RecordVersion[] = []): string {
  return records
    .map((record) => `${deviceKeyText(record)} ${record.version}`)
    .sort()
    .join('\n');
}

/** The device a decision rests on, at the version it had. */
export interface MatchedDevice {
  readonly source: string;
  readonly id: string;
  readonly name?: string;
  readonly version: number;
  readonly identity: { readonly kind: IdentityKind; readonly assurance: Assurance; readonly origin: string };
  /** Records of other sources that are the same device, at the versions they had; absent where there are none. */
  readonly joined?: readonly RecordVersion[];
  /** When Intune was last known to say this. */
  readonly asOf: Instant;
  /** Intune was asked while the RADIUS server waited: there is no stored record, and `version` is 0. */
  readonly live?: true;
}

export interface Decision extends PolicyResult {
  /** Also the RADIUS Class attribute of a permit, so accounting leads back here. Starts with the session's id. */
  readonly id: string;
  readonly decidedAt: Instant;
  /** When the question arrived, where its RADIUS server may have given up before it was answered. */
  readonly askedAt?: Instant;
  readonly standing: Standing;
  readonly device?: MatchedDevice;
  readonly problems: readonly IdentityProblem[];
  /** What decided in place of policy. */
  readonly override?: AppliedOverride;
  /** The station would get another answer, were its device compliant: the device is read again soon. */
  readonly waiting?: true;
  /** What the policy looked at. Absent in sessions stored before it was recorded. */
  readonly facts?: PolicyFacts;
}

/** True when the network would do the same. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.verdict === 'deny' || b.verdict === 'deny') return a.verdict === b.verdict;
  return (
    a.role === b.role &&
    a.vlan === b.vlan &&
    a.acl === b.acl &&
    a.redirectUrl === b.redirectUrl &&
    sameAttributes(a.attributes, b.attributes)
  );
}

function sameAttributes(a: ReplyAttributes | undefined, b: ReplyAttributes | undefined): boolean {
  // Answers by the same role share them.
  if (a === b) return true;
  const sorted = (attributes: ReplyAttributes = {}): string =>
    JSON.stringify(Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1)));
  return sorted(a) === sorted(b);
}

/** A decision before it has a name. */
export type UnnamedDecision = Omit<Decision, 'id'>;

/** True when both would have the network do the same for the same reason from the same facts. */
export function sameAnswer(a: UnnamedDecision, b: UnnamedDecision): boolean {
  return (
    sameOutcome(a.outcome, b.outcome) &&
    (a.observed && b.observed ? sameOutcome(a.observed, b.observed) : a.observed === b.observed) &&
    a.rule === b.rule &&
    a.override?.id === b.override?.id &&
    a.policyVersion === b.policyVersion &&
    a.standing === b.standing &&
    a.device?.source === b.device?.source &&
    a.device?.id === b.device?.id &&
    a.device?.version === b.device?.version &&
    recordVersionsText(a.device?.joined) === recordVersionsText(b.device?.joined) &&
    a.device?.identity.kind === b.device?.identity.kind &&
    a.device?.identity.assurance === b.device?.identity.assurance &&
    a.device?.identity.origin === b.device?.identity.origin &&
    a.problems.length === b.problems.length &&
    a.problems.every((problem, index) => problem === b.problems[index])
  );
}
