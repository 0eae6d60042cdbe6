// One round of the enforcement timer: the outbox goes on, and after each complete sweep every session is compared with
// policy. Rounds may overlap and be cut short: all they do may be done again.

import type { PolicySource } from '../ports/policy-source.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import { type DecideJobsDeps, reconcileSessions } from './decide-jobs.ts';
import { type PumpDeps, type PumpLimits, pumpOutbox } from './pump-outbox.ts';
import { takeDeadLetters } from './take-dead-letters.ts';

export interface EnforceDeps extends DecideJobsDeps, PumpDeps {
  readonly sweepStatus: SweepStatus;
  readonly policies: PolicySource;
}

export class Enforcer {
  readonly #deps: EnforceDeps;
  readonly #limits: PumpLimits;
  /** The sweep and policy after which sessions were last compared; another process compares once more, which does no harm. */
  #reconciledAfter: string | undefined;
  /** When the policy came into force that every instance answers by. */
  #settledPolicy: string | undefined;
  /** Sites that had open jobs in the round before: a job that ended meanwhile may have left a dead letter. */
  #sitesBefore: ReadonlySet<string> = new Set();

  constructor(deps: EnforceDeps, limits: PumpLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** @throws QueueError when a site's queue is away, after everything else was done */
  async round(): Promise<{ readonly decided: number; readonly queued: number }> {
    const [pumped] = await Promise.allSettled([pumpOutbox(this.#deps, this.#limits)]);
    const { decided, sites } = await this.#reconcileIfDue();
    const queuedAfter = decided > 0 ? await pumpOutbox(this.#deps, this.#limits) : 0;
    const open = new Set<string>();
    for await (const { job } of this.#deps.jobs.listOpen()) open.add(job.site);
    await takeDeadLetters(this.#deps, sites.union(open).union(this.#sitesBefore));
    this.#sitesBefore = open;
    if (pumped.status === 'rejected') throw pumped.reason;
    return { decided, queued: pumped.value + queuedAfter };
  }

  /** @returns how many jobs were missing, and every site, whose dead letters are read then too */
  async #reconcileIfDue(): Promise<{ readonly decided: number; readonly sites: ReadonlySet<string> }> {
    const sweep = await this.#deps.sweepStatus.lastCompleteStartedAt({ fresh: true });
    const { since, outgoing } = await this.#deps.policies.current();
    // As long as some may still answer by the policy before, nobody is told by CoA what the new one says.
    if (outgoing.length === 0) this.#settledPolicy = since;
    const occasion = `${sweep} ${this.#settledPolicy}`;
    if (sweep === undefined || occasion === this.#reconciledAfter) return { decided: 0, sites: new Set() };
    const decided = await reconcileSessions(this.#deps);
    const sites = new Set(await Array.fromAsync(this.#deps.jobs.listSites()));
    this.#reconciledAfter = occasion;
    return { decided, sites };
  }
}
