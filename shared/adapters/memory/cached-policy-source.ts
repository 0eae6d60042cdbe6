// The policy in force, kept in memory for a set time. Without the store the last one known is good: a policy that
// cannot be read must not let everybody in, nor lock everybody out.

import type { Policy } from '../../domain/policy/policy.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { PolicyInForce, PolicySource, ReadPolicy } from '../../ports/policy-source.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { CachedVersions, type CachedVersionsDeps } from './cached-versions.ts';

export interface CachedPolicySourceDeps
  extends Pick<CachedVersionsDeps<Policy>, 'store' | 'builtIn' | 'clock' | 'youngEnoughMs'> {
  readonly readPolicy: ReadPolicy;
  readonly log: Logger;
}

export class CachedPolicySource implements PolicySource {
  readonly #versions: CachedVersions<Policy>;

  constructor({ readPolicy, log, ...deps }: CachedPolicySourceDeps) {
    this.#versions = new CachedVersions({
      ...deps,
      compile: readPolicy,
      report(problem, ageSeconds) {
        if (problem === undefined) return;
        const { code, message, action } = problem;
        log.error('policy.not-read', { code, message, action, ageSeconds });
      },
    });
  }

  async current(options: CallOptions = {}): Promise<PolicyInForce> {
    const { compiled: policy, outgoing, since, readAt } = await this.#versions.current(options);
    return { policy, outgoing, since, readAt };
  }
}
