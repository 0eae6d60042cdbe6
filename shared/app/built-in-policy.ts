// The policy that settings describe.

import { builtInPolicy } from '../domain/built-in-policy.ts';
import type { Policy } from '../domain/policy.ts';
import type { Settings } from '../settings.ts';

export function policyOfSettings({ compliantRole, quarantineRole }: Settings): Policy {
  return builtInPolicy(compliantRole, quarantineRole);
}
