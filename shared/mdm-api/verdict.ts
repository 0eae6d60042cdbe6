// Whether a device counts as compliant for who asks by Cisco's MDM API, which knows yes and no only: what its record
// says, unless an override in force concerns the question.

import type { ComplianceState, CompliantStates } from '../domain/device/compliance-state.ts';
import { type DeviceRecord, graceEndOf } from '../domain/device/device.ts';
import { marksOfRecord, standingOfRecord } from '../domain/device/record-standing.ts';
import type { Standing } from '../domain/device/standing.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { MdmVerdict } from '../domain/mdm-documents.ts';
import { sameOutcome } from '../domain/policy/decision.ts';
import { evaluateOverridden, mayConcern } from '../domain/policy/overridden.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import { evaluatePolicy, type Policy } from '../domain/policy/policy.ts';
import { deviceFacts, type PolicyFacts, requestFacts } from '../domain/policy/policy-facts.ts';
import { stationAddresses } from './device-attributes.ts';

export interface VerdictRules {
  readonly compliantStates: CompliantStates;
  /** A device whose last check-in is older counts as silent, in every compliance state. */
  readonly maxCheckInAgeMs: number;
}

/** Whom a verdict is for, and how the device was named. */
export interface VerdictQuestion {
  readonly site: string;
  readonly at: Instant;
  readonly identity: PresentedIdentity;
  /** Those that are known, in force or not. */
  readonly overrides: readonly Override[];
  /** What another source says of the device, where that counts in place of its record. */
  readonly counts?: DeviceRecord | undefined;
  /** Its records in other sources: what blocks one of them blocks the device. */
  readonly joined?: readonly DeviceRecord[] | undefined;
}

/**
 * @param policy of which a let-on takes its role; read only where an override may concern the question
 */
export async function verdictOf(
  record: DeviceRecord,
  rules: VerdictRules,
  asked: VerdictQuestion,
  policy: () => Promise<Policy>,
): Promise<MdmVerdict> {
  const { counts = record } = asked;
  const standing = standingOfRecord(counts, asked.at, rules.maxCheckInAgeMs);
  const own = verdictByStanding(counts, standing, rules.compliantStates);
  const overridden = await byOverride(record, standing, asked, policy);
  return overridden ?? own;
}

/** By the record alone; what is held back is shown, and does not count. */
export function verdictByStanding(
  record: DeviceRecord,
  standing: Standing,
  compliantStates: CompliantStates,
): MdmVerdict {
  const isHeld = marksOfRecord(record).includes('held');
  if (compliantStates.has(standing as ComplianceState)) {
    return { compliant: true, ...(isHeld && { failureReason: HELD }) };
  }
  const reason = reasonOf(standing, record);
  return {
    compliant: false,
    failureReason: isHeld ? `${reason} ${HELD}` : reason,
    ...(USER_CAN_HELP.has(standing) && { remediation: REMEDIATION }),
  };
}

const HELD = 'Something newer is known of the device and held back, since too much would have changed at once.';
const REMEDIATION =
  'Connect the device to the Internet, open the app of your device management (Company Portal), and do what it asks.';
/** Standings that the user of the device can end. */
const USER_CAN_HELP: ReadonlySet<Standing> = new Set(['noncompliant', 'inGracePeriod', 'error', 'unknown', 'silent']);

const REASONS: Readonly<Partial<Record<Standing, string>>> = {
  compliant: 'The device counts as not compliant by the settings of the connector.',
  noncompliant: 'The device management says that the device is not compliant.',
  conflict: 'Compliance policies of the device management contradict each other.',
  error: 'The device management could not evaluate the device.',
  unknown: 'The device management has not evaluated the device.',
  configManager: 'Configuration Manager manages the device and keeps the verdict to itself.',
  disabled: 'The directory has disabled the device or its owner.',
  beingRemoved: 'The device is being retired, wiped or deleted.',
};

function reasonOf(standing: Standing, record: DeviceRecord): string {
  if (standing === 'silent') return `The device has not checked in since ${record.device.lastSyncAt}.`;
  if (standing !== 'inGracePeriod') return REASONS[standing] ?? 'The device is not compliant.';
  const end = graceEndOf(record.device);
  return `The device is not compliant; its grace period ${end === undefined ? 'has not ended yet' : `ends at ${end}`}.`;
}

/** The records of one address are of several machines: any of them may be the one that is asked for. */
export const AMBIGUOUS: MdmVerdict = {
  compliant: false,
  failureReason: 'Several enrolled devices have this address or name (a dock, a shared adapter): ask by GUID.',
};

/**
 * A block takes every question that names its target. A let-on counts where the question proves the device, by the
 * GUID of its certificate, and gives another role than devices get that are not compliant.
 */
async function byOverride(
  record: DeviceRecord,
  standing: Standing,
  { site, at, identity, overrides, joined = [] }: VerdictQuestion,
  policyInForce: () => Promise<Policy>,
): Promise<MdmVerdict | undefined> {
  const { device } = record;
  const facts: PolicyFacts = {
    ...requestFacts(site, identity.kind === 'mac' ? { mac: identity.value } : {}),
    at,
    standing,
    marks: marksOfRecord(record),
    assurance: identity.assurance,
    source: device.source,
    device: deviceFacts(device),
  };
  // A blocked address takes the device that has it, by whatever name ISE asks.
  const others = joined.map((other) => other.device);
  const addresses = [device, ...others].flatMap(stationAddresses).map((value) => ({ kind: 'mac' as const, value }));
  const question = { facts, identities: [identity, ...addresses], device, joined: others };
  const concerned = overrides.filter(
    (one) => isInForce(one, at) && mayConcern(one, { ...question, certificateCounts: true }),
  );
  if (concerned.length === 0) return undefined;
  const policy = await policyInForce();
  const { override, outcome } = evaluateOverridden(policy, concerned, question);
  if (override === undefined) return undefined;
  if (override.effect.kind === 'block') {
    return { compliant: false, failureReason: `An operator has blocked it until ${override.until} (${override.id}).` };
  }
  const otherwise = evaluatePolicy(policy, { ...facts, standing: 'noncompliant' }).outcome;
  return sameOutcome(outcome, otherwise) ? undefined : { compliant: true };
}
