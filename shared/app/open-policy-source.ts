// Where answers get their policy from: the version in force, or the policy that settings describe.

import { CachedPolicySource } from '../adapters/memory/cached-policy-source.ts';
import { TablePolicyStore } from '../adapters/table-storage/table-policy-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { readPolicy } from '../adapters/yaml/read-policy.ts';
import { builtInPolicy } from '../domain/built-in-policy.ts';
import type { Policy } from '../domain/policy.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import type { Settings } from '../settings.ts';
import type { Context } from './context.ts';

/** What decides about CoAs looks at the policy often, since it must know of a change before the next lookup tells. */
export const BACKGROUND_POLICY_MEMORY_MS = 10_000;

export function openPolicySource(
  { settings, clock, log }: Pick<Context, 'settings' | 'clock' | 'log'>,
  { policies }: Pick<Tables, 'policies'>,
  youngEnoughMs: number,
): PolicySource {
  const store = new TablePolicyStore(policies);
  return new CachedPolicySource({ store, builtIn: policyOfSettings(settings), readPolicy, clock, log, youngEnoughMs });
}

export function policyOfSettings({
  compliantRole,
  quarantineRole,
  compliantStates,
}: Pick<Settings, 'compliantRole' | 'quarantineRole' | 'compliantStates'>): Policy {
  return builtInPolicy(compliantRole, quarantineRole, compliantStates);
}
