// A background task that one instance works on at a time: its state and its lease are one row.

import { type Instant, toInstant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { isLeased, Lease, type Leased } from './lease.ts';

export interface TaskDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry | undefined;
  /** Aborted when the process ends: no task is taken any more. */
  readonly stopping?: AbortSignal;
}

export interface Task<State> {
  readonly name: string;
  readonly initial: State;
  /** Longer than the host lets a function run. */
  readonly leaseMs: number;
  /** How its row is made; {@link WRAPPED} unless given. */
  readonly form?: RowForm;
}

/** How a row holds state and lease. Both forms are stored since the first version, each by some of the tasks. */
export interface RowForm {
  stateOf(row: Leased): unknown;
  rowOf(state: unknown): Leased;
}

/** The state stands in a field of its own. */
export const WRAPPED: RowForm = {
  stateOf: (row) => (row as { readonly state?: unknown }).state,
  rowOf: (state) => ({ state }) as Leased,
};

/** The fields of the state stand beside those of the lease. */
export const PLAIN: RowForm = {
  stateOf: ({ owner: _, leaseUntil: __, ...state }) => state,
  rowOf: (state) => state as Leased,
};

export interface TaskLease<State> {
  readonly state: State;
  readonly owner: string;
  /** The instance that worked on it before died on the way. */
  readonly resumed: boolean;
  /** Stores the state and renews the lease. @throws StoreError NAC_POLL_LEASE_LOST */
  save(state: State): Promise<void>;
  /** The state to be stored when the task is given back. */
  leave(state: State): void;
}

/** Looks at the state of a task without taking it. */
export async function readTask<State>(
  tasks: TaskStore,
  name: string,
  form: RowForm = WRAPPED,
): Promise<{ readonly state?: State }> {
  const { state: row } = await tasks.read<Leased>(name);
  return row === undefined ? {} : { state: form.stateOf(row) as State };
}

/** Why nothing was done. */
export type NoLease =
  /** Nothing is due. */
  | 'idle'
  /** Another instance works on it, or died less than a lease ago. */
  | 'leased'
  /** Another instance took it over: what was begun here it begins again. */
  | 'lease-lost';

/** Takes the task if something is due, works on it and gives it back. What throws keeps the lease until it ends. */
export async function withTask<State, Result>(
  { tasks, clock, random, stopping }: TaskDeps,
  { name, initial, leaseMs, form = WRAPPED }: Task<State>,
  isDue: (state: State, now: Instant) => boolean,
  work: (task: TaskLease<State>) => Promise<Result>,
): Promise<Result | NoLease> {
  if (stopping?.aborted) return 'idle';
  const { state: found, ...before } = await tasks.read<Leased>(name);
  const now = toInstant(clock.now());
  if (found !== undefined && isLeased(found, now)) return 'leased';
  let state = found === undefined ? initial : ((form.stateOf(found) as State | undefined) ?? initial);
  if (!isDue(state, now)) return 'idle';
  const owner = random.hex(8);
  const terms = { clock, leaseMs, write: (row: Leased, etag: string | undefined) => tasks.write(name, row, etag) };
  try {
    const lease = await Lease.take<Leased>(terms, owner, { ...before, row: form.rowOf(state) });
    const result = await work({
      get state() {
        return state;
      },
      owner,
      resumed: found?.owner !== undefined,
      async save(next) {
        await lease.keep(() => form.rowOf(next));
        state = next;
      },
      leave(next) {
        state = next;
      },
    });
    await lease.release(() => form.rowOf(state));
    return result;
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return 'lease-lost';
    throw thrown;
  }
}
