// The state of the reconciliation, in one row under its etag: run, progress, owner, and when the last run ended.

import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { TaskStore } from '../ports/task-store.ts';

export const COMPARISON_TASK = 'comparison';

/** The events that make a comparison due, beside time. */
export interface ComparisonTrigger {
  /** When the latest complete sweep began. */
  readonly sweep?: Instant;
  /** When the policy came into force by which every instance answers. */
  readonly policy?: string;
  /** When the definitions of sources came into force by which every instance goes. */
  readonly sources?: string;
  /** When overrides settled whose sessions nothing else leads to. */
  readonly overrides?: Instant;
}

export interface ComparisonState {
  readonly owner?: string;
  readonly leaseUntil?: Instant;
  /** Absent while none is under way. */
  readonly run?: ComparisonRun;
  readonly completed?: { readonly startedAt: Instant; readonly at: Instant; readonly occasion: ComparisonTrigger };
  /** When this task was worked on first: what was never compared has an age, too. */
  readonly since?: Instant;
}

export interface ComparisonRun {
  readonly startedAt: Instant;
  readonly occasion: ComparisonTrigger;
  /** Index into the shards. */
  readonly shard: number;
  /** Id of the last session compared in the shard. */
  readonly after?: string;
  readonly compared: number;
  readonly decided: number;
  readonly unreadable: number;
}

export interface ComparisonTaskDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the process ends: the comparison stores how far it is and gives up its lease. */
  readonly stopping?: AbortSignal;
}

/** The right to go on with the run, until the lease is over or another process has it. */
export class LeasedComparison {
  readonly #deps: ComparisonTaskDeps;
  readonly #leaseMs: number;
  readonly #owner: string;
  #etag: string | undefined;
  state: ComparisonState;

  constructor(deps: ComparisonTaskDeps, leaseMs: number, state: ComparisonState, etag: string | undefined) {
    this.#deps = deps;
    this.#leaseMs = leaseMs;
    this.#owner = deps.random.hex(8);
    this.#etag = etag;
    this.state = state;
  }

  /** @returns false when another process has taken over */
  async write(state: ComparisonState, { release = false } = {}): Promise<boolean> {
    const { owner: _, leaseUntil: __, ...rest } = state;
    const now = toInstant(this.#deps.clock.now());
    const lease = release ? {} : { owner: this.#owner, leaseUntil: addMilliseconds(now, this.#leaseMs) };
    try {
      this.#etag = await this.#deps.tasks.write(COMPARISON_TASK, { ...rest, ...lease }, this.#etag);
    } catch (thrown) {
      if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return false;
      throw thrown;
    }
    this.state = rest;
    return true;
  }
}

export async function readComparison(
  tasks: Pick<TaskStore, 'read'>,
): Promise<{ readonly state: ComparisonState; readonly etag?: string | undefined }> {
  const { state = {}, etag } = await tasks.read<ComparisonState>(COMPARISON_TASK);
  return { state, etag };
}
