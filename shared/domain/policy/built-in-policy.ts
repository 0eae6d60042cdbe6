// The policy in force until an operator activates one: compliant devices that are surely recognised get on; weak
// evidence and contradictions get a role of their own, everyone else the site authenticated goes to quarantine.

import { COMPLIANCE_STATES, type ComplianceState } from '../device/compliance-state.ts';
import { ASSURANCES, type Assurance, assurancesFrom } from '../identity/identity.ts';
import { BUILT_IN } from '../version-activation.ts';
import type { Condition } from './condition.ts';
import type { Policy, Role, Rule } from './policy.ts';
import { assuranceIs, complianceIs, contradictionIs } from './policy-condition.ts';

export type BuiltInRole = Pick<Role, 'name' | 'vlan' | 'sessionTimeoutSeconds'>;

/** How sure it must be which device asks, and what a station gets about which it is not. */
export interface Evidence {
  readonly minimumAssurance: Assurance;
  readonly weak: BuiltInRole;
}

/**
 * Its version names the roles and times, so that an answer shows which of them it was made with.
 * @param evidence absent in versions of decisions that were made before it was asked for: any was enough
 */
export function builtInPolicy(
  compliant: BuiltInRole,
  quarantine: BuiltInRole,
  compliantStates: readonly ComplianceState[] = ['compliant'],
  evidence?: Evidence,
): Policy {
  const states = compliantStates.join('+');
  const asked = evidence ? `:${named(evidence.weak)}:${evidence.minimumAssurance}` : '';
  return {
    version: `${BUILT_IN}:${named(compliant)}:${named(quarantine)}${asked}${states === 'compliant' ? '' : `:${states}`}`,
    sites: {},
    roles: Object.fromEntries(
      [...(evidence ? [evidence.weak] : []), quarantine, compliant].map((role) => [role.name, role]),
    ),
    rules: [
      ...(evidence
        ? rulesOfEvidence(compliant, evidence, compliantStates)
        : [permitCompliant(compliant, compliantStates)]),
      { name: 'quarantine-others', conditions: [], outcome: { permit: quarantine } },
    ],
  };
}

function permitCompliant(role: BuiltInRole, states: readonly ComplianceState[], ...evidence: Condition[]): Rule {
  return { name: 'permit-compliant', conditions: [complianceIs(states), ...evidence], outcome: { permit: role } };
}

/**
 * Only devices that would be let in: a role of one's own must not be better than quarantine for a noncompliant one. The
 * rule that lets in asks for no contradiction as well: one that cannot be read steps past the rule before.
 */
function rulesOfEvidence(
  compliant: BuiltInRole,
  { minimumAssurance, weak }: Evidence,
  states: readonly ComplianceState[],
): Policy['rules'] {
  const weaker = ASSURANCES.slice(assurancesFrom(minimumAssurance).length);
  const outcome = { permit: weak };
  return [
    { name: 'contradiction', conditions: [complianceIs(states), contradictionIs(true)], outcome },
    ...(weaker.length > 0
      ? [{ name: 'weak-identity', conditions: [complianceIs(states), assuranceIs(weaker)], outcome }]
      : []),
    permitCompliant(compliant, states, contradictionIs(false)),
  ];
}

/** The built-in policy of that version, which need not be the one settings describe now. */
export function builtInPolicyOfVersion(version: string): Policy | undefined {
  const [prefix, ...parts] = version.split(':');
  const roles: BuiltInRole[] = [];
  for (let role = parseNamed(parts[0] ?? ''); role && roles.length < 3; role = parseNamed(parts[0] ?? '')) {
    roles.push(role);
    parts.shift();
  }
  const [compliant, quarantine, weak] = roles;
  const minimumAssurance = weak && ASSURANCES.find((known) => known === parts[0]);
  if (minimumAssurance) parts.shift();
  const [states = 'compliant', ...rest] = parts;
  const known = states.split('+').map((state) => COMPLIANCE_STATES.find((one) => one === state));
  const all = known.flatMap((state) => state ?? []);
  const isWhole = prefix === BUILT_IN && rest.length === 0 && all.length === known.length;
  if (!isWhole || !compliant || !quarantine || (weak === undefined) !== (minimumAssurance === undefined))
    return undefined;
  return builtInPolicy(compliant, quarantine, all, weak && minimumAssurance && { weak, minimumAssurance });
}

function named({ name, vlan, sessionTimeoutSeconds }: BuiltInRole): string {
  return `${name}/${vlan}/${sessionTimeoutSeconds}`;
}

function parseNamed(text: string): BuiltInRole | undefined {
  const [name, vlan, seconds, ...rest] = text.split('/');
  if (!name || !vlan || !seconds || !/^\d{1,9}$/.test(seconds) || rest.length > 0) return undefined;
  return { name, vlan, sessionTimeoutSeconds: Number(seconds) };
}
