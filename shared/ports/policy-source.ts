// Where the lookup gets the policy in force.

import type { Instant } from '../domain/instant.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { CallOptions } from './call-options.ts';

/**
 * Compiles the text of a policy, with the lists that it names.
 * @throws PolicyError for what is wrong in the text, StoreError when a list cannot be read
 */
export type ReadPolicy = (
  text: string,
  about: { readonly version: string },
  options?: CallOptions,
) => Policy | Promise<Policy>;

/** The policy that answers are made by. */
export interface PolicySource {
  /** @throws StoreError while none was ever read: without a policy no station is let in */
  current(options?: CallOptions): Promise<PolicyInForce>;
}

export interface PolicyInForce {
  readonly policy: Policy;
  /** Those before, as long as another instance may still answer by them. */
  readonly outgoing: readonly Policy[];
  /** When it came into force; empty when none was ever activated. */
  readonly since: Instant | '';
  /** When the store was asked last; grows older while it does not answer. */
  readonly readAt: Instant;
}
