// The policy in force until an operator activates one: compliant devices get on, everyone else the site authenticated
// goes to quarantine.

import { COMPLIANCE_STATES, type ComplianceState } from './compliance-state.ts';
import type { Policy, Role } from './policy.ts';
import { complianceIs } from './policy-condition.ts';

export type BuiltInRole = Pick<Role, 'name' | 'vlan' | 'sessionTimeoutSeconds'>;

/** Its version names the roles and times, so that an answer tells which of them it was made with. */
export function builtInPolicy(
  compliant: BuiltInRole,
  quarantine: BuiltInRole,
  compliantStates: readonly ComplianceState[] = ['compliant'],
): Policy {
  const states = compliantStates.join('+');
  return {
    version: `${BUILT_IN}:${named(compliant)}:${named(quarantine)}${states === 'compliant' ? '' : `:${states}`}`,
    sites: {},
    rules: [
      { name: 'permit-compliant', conditions: [complianceIs(compliantStates)], outcome: { permit: compliant } },
      { name: 'quarantine-others', conditions: [], outcome: { permit: quarantine } },
    ],
  };
}

/** What versions of the built-in policy begin with; versions of a policy.yaml never do. */
export const BUILT_IN = 'built-in';

/** The built-in policy of that version, which need not be the one settings describe now. */
export function builtInPolicyOfVersion(version: string): Policy | undefined {
  const [prefix, compliant, quarantine, states = 'compliant', ...rest] = version.split(':');
  if (prefix !== BUILT_IN || rest.length > 0) return undefined;
  const roles = [compliant, quarantine].map((text) => parseNamed(text ?? ''));
  const named = states.split('+').map((state) => COMPLIANCE_STATES.find((known) => known === state));
  const known = named.flatMap((state) => state ?? []);
  return roles[0] && roles[1] && known.length === named.length ? builtInPolicy(roles[0], roles[1], known) : undefined;
}

function named({ name, vlan, sessionTimeoutSeconds }: BuiltInRole): string {
  return `${name}/${vlan}/${sessionTimeoutSeconds}`;
}

function parseNamed(text: string): BuiltInRole | undefined {
  const [name, vlan, seconds, ...rest] = text.split('/');
  if (!name || !vlan || !seconds || !/^\d{1,9}$/.test(seconds) || rest.length > 0) return undefined;
  return { name, vlan, sessionTimeoutSeconds: Number(seconds) };
}
