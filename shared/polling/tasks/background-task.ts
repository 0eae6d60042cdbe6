// A leased task that asks a source between sweeps: when it is due, and how long it waits after a failure, stands in its
// state.

import { type Instant, toInstant } from '../../domain/instant.ts';
import { type ConnectorError, SourceError } from '../../errors.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { countThrottled } from './count-run.ts';
import { PLAIN, type TaskDeps, type TaskLease, withTask } from './leased-task.ts';
import { retryAfterFailure } from './sweep-schedule.ts';

export interface TaskState {
  /** Not before this, because it was just done, failed, or the source asked to wait. */
  readonly notBefore?: Instant;
  /** Failures in a row. */
  readonly failures?: number;
}

export interface AskingTaskDeps extends TaskDeps {
  /** Of which the task asks. */
  readonly source: { readonly name: string };
  readonly log: Logger;
}

export interface TaskTime {
  /** No further step is begun after this. */
  readonly until: Instant;
  readonly leaseMs: number;
}

export interface LeasedTask<State extends TaskState> extends Pick<TaskLease<State>, 'state' | 'owner' | 'resumed'> {
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
  deps: AskingTaskDeps,
  name: string,
  time: TaskTime,
  fresh: State,
  work: (inFlight: LeasedTask<State>) => Promise<State>,
  afterFailure: (state: State, error: SourceError) => State = (state) => state,
): Promise<TaskResult> {
  const task = { name, initial: fresh, leaseMs: time.leaseMs, form: PLAIN };
  const isDue = ({ notBefore }: State, now: Instant): boolean => (notBefore ?? '') <= now;
  const hasTime = (): boolean => !deps.stopping?.aborted && toInstant(deps.clock.now()) < time.until;
  const result = await withTask(deps, task, isDue, async (lease): Promise<TaskResult> => {
    const { state, owner, resumed } = lease;
    try {
      const after = await work({ state, owner, resumed, hasTime, checkpoint: (next) => lease.save(next) });
      lease.leave({ ...after, failures: 0 });
      return { kind: 'worked' };
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      // The process ends, and with it its connections: no failure of the source.
      if (deps.stopping?.aborted) return { kind: 'worked' };
      lease.leave(afterFailed(deps, name, afterFailure(lease.state, thrown), thrown));
      return { kind: 'failed', error: thrown };
    }
  });
  if (typeof result !== 'string') return result;
  return { kind: result === 'idle' ? 'not-due' : result };
}

function afterFailed<State extends TaskState>(
  { source, clock, random, log, telemetry }: AskingTaskDeps,
  name: string,
  state: State,
  error: SourceError,
): State {
  const failures = (state.failures ?? 0) + 1;
  const notBefore = retryAfterFailure(toInstant(clock.now()), failures, error.retryAfterMs, random.fraction());
  const { code, message, action } = error;
  countThrottled(telemetry, source.name, error);
  log.warn('poll.task-failed', { task: name, code, message, action, failures, retryAt: notBefore });
  return { ...state, failures, notBefore };
}
