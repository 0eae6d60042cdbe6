// The built-in policy: compliant devices get on, everyone else the site authenticated goes to quarantine.

import type { PolicyResult, Standing } from './decision.ts';

/** What a role means on the wire: its name (Filter-Id or the vendor's role attribute) and its VLAN name or id. */
export interface Role {
  readonly name: string;
  readonly vlan: string;
  readonly sessionTimeoutSeconds: number;
}

export interface BuiltInPolicy {
  readonly version: string;
  readonly compliant: Role;
  readonly quarantine: Role;
}

/** First match wins: nobody authenticated, then compliant, then the rest. */
export function evaluatePolicy(policy: BuiltInPolicy, standing: Standing): PolicyResult {
  if (standing === 'notAuthenticated') {
    return {
      outcome: { verdict: 'deny' },
      rule: 'deny-not-authenticated',
      policyVersion: policy.version,
      sessionTimeoutSeconds: 0,
    };
  }
  const compliant = standing === 'compliant';
  const role = compliant ? policy.compliant : policy.quarantine;
  return {
    outcome: { verdict: 'permit', role: role.name, vlan: role.vlan },
    rule: compliant ? 'permit-compliant' : 'quarantine-others',
    policyVersion: policy.version,
    sessionTimeoutSeconds: role.sessionTimeoutSeconds,
  };
}

/**
 * A role or VLAN as the FreeRADIUS sample's anchored pattern accepts it. Anything else could not be told from an
 * attack on the line it stands in, so settings with other characters are refused at start.
 */
export function isRoleOrVlan(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}
