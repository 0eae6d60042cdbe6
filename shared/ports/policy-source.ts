import type { Instant } from '../domain/instant.ts';
import type { Policy } from '../domain/policy.ts';
import type { CallOptions } from './call-options.ts';

/** The policy that answers are made by. */
export interface PolicySource {
  /** @throws StoreError while none was ever read: without a policy nobody is let in */
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
