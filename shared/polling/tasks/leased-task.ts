// A background task that one instance works on at a time: its state and its lease are one row under its etag, so that
// the writer of the row owns the task, and an owner that meets a newer etag has lost it and stops.

import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

export interface TaskDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry | undefined;
  /** Aborted when the process ends: no task is taken any more. */
  readonly stopping?: AbortSignal;
}

interface TaskRow<State> {
  readonly state: State;
  readonly owner?: string;
  readonly leaseUntil?: Instant;
}

export interface TaskLease<State> {
  readonly state: State;
  /** Stores the state and renews the lease. @throws StoreError NAC_POLL_LEASE_LOST */
  save(state: State): Promise<void>;
}

/** Looks at the state of a task without taking it. */
export async function readTask<State>(tasks: TaskStore, name: string): Promise<{ readonly state?: State }> {
  const { state: row } = await tasks.read<TaskRow<State>>(name);
  return row === undefined ? {} : { state: row.state };
}

/** Why nothing was done. */
export type NoLease =
  /** Nothing is due. */
  | 'idle'
  /** Another instance works on it, or died less than a lease ago. */
  | 'leased'
  /** Another instance took it over: what was begun here it begins again. */
  | 'lease-lost';

/**
 * Takes the task if something is due, works on it and gives it back.
 * @param leaseMs longer than the host lets a function run
 */
export async function withTask<State, Result>(
  { tasks, clock, random, stopping }: TaskDeps,
  { name, initial, leaseMs }: { readonly name: string; readonly initial: State; readonly leaseMs: number },
  isDue: (state: State, now: Instant) => boolean,
  work: (task: TaskLease<State>) => Promise<Result>,
): Promise<Result | NoLease> {
  if (stopping?.aborted) return 'idle';
  const { state: row, etag: before } = await tasks.read<TaskRow<State>>(name);
  const now = toInstant(clock.now());
  if (row?.owner !== undefined && row.leaseUntil !== undefined && row.leaseUntil > now) return 'leased';
  const owner = random.hex(8);
  let state = row?.state ?? initial;
  if (!isDue(state, now)) return 'idle';
  let etag = before;
  const store = async (next: State): Promise<void> => {
    const leaseUntil = addMilliseconds(toInstant(clock.now()), leaseMs);
    etag = await tasks.write<TaskRow<State>>(name, { state: next, owner, leaseUntil }, etag);
    state = next;
  };
  try {
    await store(state);
    const held = {
      get state() {
        return state;
      },
      save: store,
    };
    const result = await work(held);
    await tasks.write<TaskRow<State>>(name, { state }, etag);
    return result;
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return 'lease-lost';
    throw thrown;
  }
}
