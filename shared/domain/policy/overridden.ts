// An answer as overrides leave it: policy's, unless an override in force concerns the question.

import type { Device, DeviceKey } from '../device/device.ts';
import type { OverrideProblem } from '../identity/override-problem.ts';
import { millisecondsBetween } from '../instant.ts';
import { certificateAuthority } from './certificate-authority.ts';
import type { PolicyResult } from './decision.ts';
import { TIMEOUT_SPREAD } from './decision.ts';
import type { AppliedOverride, Override } from './override.ts';
import { isNamed, isProven, type NamedIdentity, type OverrideQuestion } from './override-evidence.ts';
import { evaluatePolicy, type Policy, permitByRole, REJECTED } from './policy.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** As rules of decisions; no rule of a policy can be called so. */
export const BLOCK_RULE = 'override/block';
export const LET_ON_RULE = 'override/let-on';

export interface OverriddenResult extends PolicyResult {
  readonly override?: AppliedOverride;
  readonly overrideProblems?: readonly OverrideProblem[];
}

export interface Question {
  readonly facts: PolicyFacts;
  readonly identities: readonly NamedIdentity[];
  /** The device that was found, even if policy rejects the certificate; with as much of its record as is known. */
  readonly device?: (DeviceKey & Partial<Device>) | undefined;
  /** Its records in other sources. */
  readonly joined?: readonly DeviceKey[] | undefined;
}

/** Least seconds of a permit: a NAS may take none for no limit. */
const LEAST_PERMIT_SECONDS = 10;

/** @param overrides those in force */
export function evaluateOverridden(policy: Policy, overrides: readonly Override[], asked: Question): OverriddenResult {
  const { facts } = asked;
  const result = evaluatePolicy(policy, facts);
  if (overrides.length === 0) return result;
  const question: OverrideQuestion = { ...asked, certificateCounts: certificateAuthority(policy, facts) !== 'unknown' };
  const named = overrides.filter((one) => isNamed(one, question)).toSorted(newestFirst);
  const isCut = (field: string): boolean => facts.cut?.includes(field) === true;
  const unread = isSerialUnread(facts) ? overrides.find((one) => blocksA('certificate', one, facts)) : undefined;
  // A name that its user ends by a NUL is authenticated without it, and must not hide whose it is.
  const unreadUser = isCut('userName') ? overrides.find((one) => blocksA('user', one, facts)) : undefined;
  const block =
    named.find(({ effect }) => effect.kind === 'block') ??
    (isCut('certificate.serial') ? unread : undefined) ??
    unreadUser;
  const problems = new Set<OverrideProblem>();
  if (unread) problems.add('override-serial-unread');
  if (unreadUser) problems.add('override-user-unread');
  if (block !== undefined) return { ...blocked(result, block), ...remarks(problems) };
  for (const letOn of named) {
    const given = isProven(letOn.target, question) ? lettingOn(policy, facts, letOn) : 'override-not-proven';
    if (typeof given !== 'string') return { ...given, ...remarks(problems) };
    problems.add(given);
  }
  return { ...result, ...remarks(problems) };
}

/**
 * Whether the override, in force or not, may have or have had a say in the answer: what the question names, or hides.
 */
export function mayConcern(override: Override, question: OverrideQuestion): boolean {
  const { facts } = question;
  if (isNamed(override, question)) return true;
  if (isSerialUnread(facts) && blocksA('certificate', override, facts)) return true;
  return facts.cut?.includes('userName') === true && blocksA('user', override, facts);
}

/** The same decision once more, by another policy: the override that it names beats that one, too. */
export function evaluateApplied(
  policy: Policy,
  facts: PolicyFacts,
  applied: AppliedOverride | undefined,
): PolicyResult {
  const result = evaluatePolicy(policy, facts);
  if (applied === undefined) return result;
  if (applied.effect.kind === 'block') return blocked(result, applied);
  const given = lettingOn(policy, facts, applied);
  return typeof given === 'string' ? result : given;
}

function blocked({ policyVersion }: PolicyResult, override: AppliedOverride): OverriddenResult {
  return { ...REJECTED, rule: BLOCK_RULE, policyVersion, override: applied(override) };
}

/** It ends with the override: the station asks again then, even if no CoA reaches it. */
function lettingOn(policy: Policy, facts: PolicyFacts, override: AppliedOverride): OverriddenResult | OverrideProblem {
  const { effect, until } = override;
  const given = effect.kind === 'let-on' ? permitByRole(policy, effect.role, facts.site) : undefined;
  if (given === undefined) return 'override-role-unknown';
  const left = Math.floor(millisecondsBetween(facts.at, until) / TIMEOUT_SPREAD / 1000);
  return {
    outcome: given.outcome,
    sessionTimeoutSeconds: Math.max(LEAST_PERMIT_SECONDS, Math.min(given.sessionTimeoutSeconds, left)),
    rule: LET_ON_RULE,
    policyVersion: policy.version,
    override: applied(override),
  };
}

function applied({ id, effect, reason, by, until }: AppliedOverride): AppliedOverride {
  return { id, effect, reason, by, until };
}

function remarks(problems: ReadonlySet<OverrideProblem>): Pick<OverriddenResult, 'overrideProblems'> {
  return problems.size > 0 ? { overrideProblems: [...problems] } : {};
}

/** Of a resumed session the server has nothing of the certificate at all. */
function isSerialUnread({ methods, certificateIssuer, certificateSerial }: PolicyFacts): boolean {
  const isByCertificate = certificateIssuer !== undefined || methods?.includes('eap-tls') === true;
  return isByCertificate && certificateSerial === undefined;
}

function blocksA(what: 'certificate' | 'user', { effect, target, site }: Override, facts: PolicyFacts): boolean {
  return effect.kind === 'block' && what in target && (site ?? facts.site) === facts.site;
}

/** Of several let-ons the one made last is what the operators mean now. */
function newestFirst(one: Override, other: Override): number {
  if (one.createdAt !== other.createdAt) return one.createdAt > other.createdAt ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
