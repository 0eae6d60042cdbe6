// The policy that settings describe.

import type { BuiltInPolicy, Role } from '../domain/policy.ts';
import type { Settings } from '../settings.ts';

/** Names the roles and times of the settings in its version, so that an answer tells which of them it was made with. */
export function builtInPolicy({ compliantRole, quarantineRole }: Settings): BuiltInPolicy {
  const named = ({ name, vlan, sessionTimeoutSeconds }: Role): string => `${name}/${vlan}/${sessionTimeoutSeconds}`;
  return {
    version: `built-in:${named(compliantRole)}:${named(quarantineRole)}`,
    compliant: compliantRole,
    quarantine: quarantineRole,
  };
}
