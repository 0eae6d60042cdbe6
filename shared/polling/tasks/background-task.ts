// A task of the timer outside the sweep: lease, state and backoff in one row under its etag.

import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import { type ConnectorError, SourceError, StoreError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Logger, Telemetry } from '../../ports/telemetry.ts';
import { countThrottled } from './count-run.ts';
import { retryAfterFailure } from './sweep-schedule.ts';

export interface TaskState {
  readonly owner?: string;
  readonly leaseUntil?: Instant;
  /** Not before this, because it was just done, failed, or the source asked to wait. */
  readonly notBefore?: Instant;
  /** Failures in a row. */
  readonly failures?: number;
}

export interface TaskDeps {
  /** Of which the task asks. */
  readonly source: { readonly name: string };
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly telemetry?: Telemetry | undefined;
  /** Aborted when the process ends: no step is begun, and what fails then is no failure of the source. */
  readonly stopping?: AbortSignal;
}

export interface TaskTime {
  /** No further step is begun after this. */
  readonly until: Instant;
  readonly leaseMs: number;
}

export interface LeasedTask<State extends TaskState> {
  readonly state: State;
  readonly owner: string;
  /** The instance that worked on it before died on the way. */
  readonly resumed: boolean;
  /** Whether another step may be begun. */
  hasTime(): boolean;
  /** Stores how far the task is; fails when the lease is lost. @throws StoreError NAC_POLL_LEASE_LOST */
  checkpoint(state: State): Promise<void>;
}

export type TaskResult =
  | { readonly kind: 'worked' | 'not-due' | 'leased' | 'lease-lost' }
  | { readonly kind: 'failed'; readonly error: ConnectorError };

/**
 * Works a task, unless it is not due or another instance does.
 * @param work gives the state afterwards; checkpoints on its way survive a failure
 * @param afterFailure what a failure of the source changes in addition to the time of the next attempt
 */
export async function runTask<State extends TaskState>(
  deps: TaskDeps,
  name: string,
  time: TaskTime,
  fresh: State,
  work: (inFlight: LeasedTask<State>) => Promise<State>,
  afterFailure: (state: State, error: SourceError) => State = (state) => state,
): Promise<TaskResult> {
  if (deps.stopping?.aborted) return { kind: 'not-due' };
  const now = toInstant(deps.clock.now());
  const { state: before = fresh, etag: found } = await deps.tasks.read<State>(name);
  if (before.owner !== undefined && (before.leaseUntil ?? '') > now) return { kind: 'leased' };
  if ((before.notBefore ?? '') > now) return { kind: 'not-due' };
  const owner = deps.random.hex(8);
  let etag = found;
  let current = before;
  const write = async (state: State, lease: boolean): Promise<void> => {
    const { owner: _, leaseUntil, ...rest } = state;
    const held = lease ? { owner, leaseUntil: addMilliseconds(toInstant(deps.clock.now()), time.leaseMs) } : {};
    etag = await deps.tasks.write(name, { ...rest, ...held }, etag);
    current = state;
  };
  try {
    await write(before, true);
    try {
      const hasTime = (): boolean => !deps.stopping?.aborted && toInstant(deps.clock.now()) < time.until;
      const checkpoint = (state: State): Promise<void> => write(state, true);
      const after = await work({ state: before, owner, resumed: before.owner !== undefined, hasTime, checkpoint });
      await write({ ...after, failures: 0 }, false);
      return { kind: 'worked' };
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      if (deps.stopping?.aborted) {
        await write(current, false);
        return { kind: 'worked' };
      }
      const failures = (current.failures ?? 0) + 1;
      const at = toInstant(deps.clock.now());
      const notBefore = retryAfterFailure(at, failures, thrown.retryAfterMs, deps.random.fraction());
      const { code, message, action } = thrown;
      countThrottled(deps.telemetry, deps.source.name, thrown);
      deps.log.warn('poll.task-failed', { task: name, code, message, action, failures, retryAt: notBefore });
      await write({ ...afterFailure(current, thrown), failures, notBefore }, false);
      return { kind: 'failed', error: thrown };
    }
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return { kind: 'lease-lost' };
    throw thrown;
  }
}
