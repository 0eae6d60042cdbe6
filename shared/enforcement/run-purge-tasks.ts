// Works off chores within a budget of time: each has its share, what one leaves goes to the others, and each goes on
// next time behind the part where it was cut short, so that every part has its turn however much there is.

import { StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { TaskStore } from '../ports/task-store.ts';

export interface PurgeTask {
  readonly name: string;
  /** Of the whole budget, as a weight among those of all chores. */
  readonly share: number;
  /** Names of what it consists of, in an order that stays; they are worked on so many at a time. */
  parts(signal: AbortSignal): Promise<readonly string[]>;
  readonly atOnce: number;
  /** When the signal ends it, what was done by then counts. @returns how many rows were removed */
  work(part: string, signal: AbortSignal): Promise<number>;
}

/** By the name of a chore: the part of it that was begun last. */
export type PurgeProgress = Readonly<Record<string, string>>;

export interface PurgeTasksResult {
  readonly removed: Readonly<Record<string, number>>;
  /** Chores that time did not suffice for, or that failed. */
  readonly unfinished: readonly string[];
  /** The first error of the store; it did not stop the other chores. */
  readonly failure?: unknown;
}

export interface PurgeTasksDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
}

/** @param task names the row with the state */
export async function runPurgeTasks(
  { tasks, clock }: PurgeTasksDeps,
  task: string,
  chores: readonly PurgeTask[],
  budgetMs: number,
): Promise<PurgeTasksResult> {
  const { state = {}, etag } = await tasks.read<PurgeProgress>(task);
  const turns = chores.map((chore) => new PurgeCall(chore, state[chore.name]));
  const endsAt = clock.now().getTime() + budgetMs;
  // The second pass gives what is left of the time to the chores that were not finished.
  for (const _ of ['first', 'second']) {
    let waiting = turns.filter(({ isOver }) => !isOver);
    for (const turn of waiting) {
      const left = endsAt - clock.now().getTime();
      const weights = waiting.reduce((sum, { chore }) => sum + chore.share, 0);
      waiting = waiting.filter((other) => other !== turn);
      if (left > 0) await clock.within((left * turn.chore.share) / weights, (signal) => turn.take(signal));
    }
  }
  const begun = Object.fromEntries(
    turns.flatMap(({ chore, begun }) => (begun === undefined ? [] : [[chore.name, begun]])),
  );
  await remember(tasks, task, { state, begun, etag });
  const failed = turns.find(({ failure }) => failure !== undefined);
  return {
    ...(failed !== undefined && { failure: failed.failure }),
    removed: Object.fromEntries(turns.map(({ chore, removed }) => [chore.name, removed])),
    unfinished: turns.filter(({ isOver, failure }) => !isOver || failure !== undefined).map(({ chore }) => chore.name),
  };
}

/** Another process may do the same: it has noted its own progress. */
async function remember(
  tasks: TaskStore,
  task: string,
  {
    state,
    begun,
    etag,
  }: { readonly state: PurgeProgress; readonly begun: PurgeProgress; readonly etag: string | undefined },
): Promise<void> {
  if (Object.entries(begun).every(([name, part]) => state[name] === part)) return;
  try {
    await tasks.write(task, { ...state, ...begun }, etag);
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_POLL_LEASE_LOST') throw thrown;
  }
}

/** A chore in one call: what of it was done, and what is left. */
class PurgeCall {
  readonly chore: PurgeTask;
  removed = 0;
  failure: unknown;
  begun: string | undefined;
  #left: string[] | undefined;

  constructor(chore: PurgeTask, begun: string | undefined) {
    this.chore = chore;
    this.begun = begun;
  }

  get isOver(): boolean {
    return this.failure !== undefined || this.#left?.length === 0;
  }

  async take(signal: AbortSignal): Promise<void> {
    try {
      this.#left ??= behind(this.begun, await this.chore.parts(signal));
      await Promise.all(Array.from({ length: this.chore.atOnce }, () => this.#work(signal)));
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown;
      // Where the time is over, that is why it failed.
      if (!signal.aborted) this.failure = thrown;
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const left = this.#left ?? [];
    while (!signal.aborted && this.failure === undefined) {
      const part = left.shift();
      if (part === undefined) return;
      this.begun = part;
      let isDone = false;
      try {
        const removed = await this.chore.work(part, signal);
        this.removed += removed;
        isDone = !signal.aborted;
      } finally {
        // The others come first, should there be time left.
        if (!isDone) left.push(part);
      }
    }
  }
}

function behind(begun: string | undefined, parts: readonly string[]): string[] {
  const first = begun === undefined ? 0 : parts.findIndex((part) => part > begun);
  return first <= 0 ? [...parts] : [...parts.slice(first), ...parts.slice(0, first)];
}
