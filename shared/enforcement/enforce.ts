// One round of the enforcement timer: the outbox goes on, and after each complete sweep every session is compared with
// policy. Rounds may overlap and be cut short: all they do may be done again.

import type { SweepStatus } from '../ports.ts';
import { type DecideJobsDeps, reconcileSessions } from './decide-jobs.ts';
import { type PumpDeps, type PumpLimits, pumpOutbox, takeDeadLetters } from './pump-outbox.ts';

export interface EnforceDeps extends DecideJobsDeps, PumpDeps {
  readonly sweepStatus: SweepStatus;
}

export class Enforcer {
  readonly #deps: EnforceDeps;
  readonly #limits: PumpLimits;
  /** The sweep after which sessions were last compared; another process compares once more, which does no harm. */
  #reconciledAfter: string | undefined;

  constructor(deps: EnforceDeps, limits: PumpLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  async round(): Promise<{ readonly decided: number; readonly queued: number }> {
    let queued = await pumpOutbox(this.#deps, this.#limits);
    const sweep = await this.#deps.sweepStatus.lastCompleteStartedAt({ fresh: true });
    let decided = 0;
    if (sweep !== undefined && sweep !== this.#reconciledAfter) {
      decided = await reconcileSessions(this.#deps);
      this.#reconciledAfter = sweep;
    }
    if (decided > 0) queued += await pumpOutbox(this.#deps, this.#limits);
    await takeDeadLetters(this.#deps);
    return { decided, queued };
  }
}
