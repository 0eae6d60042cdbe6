// The policy in force: whether it can be read, and whether it says whose certificates count.

import type { Policy } from '../../domain/policy.ts';
import type { Check } from '../check.ts';

export interface PolicyCheckDeps {
  /** @throws StoreError, PolicyError */
  readonly inForce: () => Promise<Policy>;
}

export function policyCheck({ inForce }: PolicyCheckDeps): Check {
  return {
    name: 'policy',
    title: 'Policy in force',
    needs: ['storage'],
    async run() {
      const policy = await inForce();
      const saw = `"${policy.version}" is in force: ${policy.rules.length} rules.`;
      if (policy.certificateIssuers !== undefined) return { status: 'ok', saw };
      return {
        status: 'warn',
        saw: `${saw} It declares no certificateIssuers (certificate-issuer-undeclared).`,
        means: 'Every authority that a RADIUS server trusts can name any device in a certificate.',
        action: 'Activate a policy.yaml with `certificateIssuers`; docs/policy.md says how they are written.',
      };
    },
  };
}
