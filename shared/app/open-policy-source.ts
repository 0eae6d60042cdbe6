// Where answers get their policy from: the version in force, or the policy that settings describe.

import { CachedOverrides } from '../adapters/memory/cached-overrides.ts';
import { CachedPolicySource } from '../adapters/memory/cached-policy-source.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { type AnswersDiffer, answersDiffer } from '../domain/policy/answers-differ.ts';
import { builtInPolicy } from '../domain/policy/built-in-policy.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { toConnectorError } from '../errors.ts';
import type { OverrideSource } from '../ports/override-source.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import type { BuiltInPolicySetting, Settings } from '../settings.ts';
import type { Context } from './context.ts';
import { openPolicyReader } from './open-policy-reader.ts';

/** Short: decisions about CoAs must know of a change of policy before a lookup answers by it. */
export const BACKGROUND_POLICY_MEMORY_MS = 10_000;

export function openPolicySource(
  { settings, clock, log }: Pick<Context, 'settings' | 'clock' | 'log'>,
  { policies }: Pick<Tables, 'policies'>,
  youngEnoughMs: number,
): PolicySource {
  const store = new TableVersionStore(policies, 'policy');
  const readPolicy = openPolicyReader({ policies });
  return new CachedPolicySource({ store, builtIn: policyOfSettings(settings), readPolicy, clock, log, youngEnoughMs });
}

/** Where answers get from what beats the policy. @param withinMs milliseconds that a read may take */
export function openOverrideSource(
  { clock, log }: Pick<Context, 'clock' | 'log'>,
  { policies }: Pick<Tables, 'policies'>,
  withinMs: { readonly first: number; readonly again: number },
): OverrideSource {
  const store = new TableOverrideStore(policies, log);
  return new CachedOverrides({ store, clock, log, withinMs });
}

/**
 * What the breaker counts: answers that the policy in force would give differently. Where it cannot be read, the policy
 * that settings describe stands in for it, and that is logged.
 */
export function answersInForce(
  { settings, clock, log }: Pick<Context, 'settings' | 'clock' | 'log'>,
  tables: Pick<Tables, 'policies'>,
): () => Promise<AnswersDiffer> {
  const source = openPolicySource({ settings, clock, log }, tables, BACKGROUND_POLICY_MEMORY_MS);
  return async () => {
    let policy = policyOfSettings(settings);
    try {
      ({ policy } = await source.current());
    } catch (thrown) {
      const { code, message, action } = toConnectorError(thrown);
      log.warn('poll.policy-unread', { code, message, action });
    }
    return answersDiffer(policy, clock.now(), settings.maxCheckInAgeMs);
  };
}

export function policyOfSettings({
  compliantRole,
  quarantineRole,
  weakIdentityRole,
  minimumAssurance,
  compliantStates,
}: Pick<Settings, BuiltInPolicySetting>): Policy {
  return builtInPolicy(compliantRole, quarantineRole, compliantStates, { minimumAssurance, weak: weakIdentityRole });
}
