// The breaker: how much one run may change, and what is held since it wanted to change more.

import type { Instant } from '../domain/instant.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { HeldCounts } from './held-devices.ts';

export interface MassChangeLimits {
  /** Share of the known fleet, from 0 to 1, above which a change is a mass change… */
  readonly share: number;
  /** …if it is at least so many devices. */
  readonly least: number;
}

/** @param changing devices that would turn or be lost @param known devices of the fleet */
export function isMassChange(changing: number, known: number, { share, least }: MassChangeLimits): boolean {
  return changing >= least && changing > share * known;
}

/** A run whose changes are held. */
export interface HeldRun extends HeldCounts {
  readonly runId: string;
  readonly heldAt: Instant;
  /** Everything that would have changed at the end of this run, what earlier runs held included. */
  readonly changing: number;
  readonly known: number;
  readonly released?: { readonly by: string; readonly at: Instant };
}

/** Kept in a row of its own: whoever releases must not fight with the sweep for its lease. */
export interface MassChangeState {
  /** Runs whose changes are held, oldest first. */
  readonly held: readonly HeldRun[];
  /** What was let through besides sweeps since the newest complete one began: many small polls make a mass, too. */
  readonly besides?: { readonly since: Instant | undefined; readonly count: number };
}

export const MASS_CHANGE_TASK = 'mass-change';
const ATTEMPTS = 5;

export async function readMassChange(tasks: TaskStore): Promise<MassChangeState> {
  const { state } = await tasks.read<MassChangeState>(MASS_CHANGE_TASK);
  return state ?? { held: [] };
}

/**
 * What is held now, by run. Runs that hold nothing any more leave; what was said of a run's release stays.
 * @param total describes the end of the run that holds something new
 */
export function withHeldCounts(
  { held, ...rest }: MassChangeState,
  byRun: ReadonlyMap<string, HeldCounts>,
  total?: Pick<HeldRun, 'heldAt' | 'changing' | 'known'>,
): MassChangeState {
  const earlier = held.flatMap((run) => {
    const counts = byRun.get(run.runId);
    return counts ? [{ ...run, ...counts }] : [];
  });
  const told = new Set(held.map(({ runId }) => runId));
  const fresh = [...byRun].flatMap(([runId, counts]) =>
    total && !told.has(runId) ? [{ runId, ...counts, ...total }] : [],
  );
  return { ...rest, held: [...earlier, ...fresh] };
}

export function withoutHeldRuns({ held, ...rest }: MassChangeState, runIds: ReadonlySet<string>): MassChangeState {
  return { ...rest, held: held.filter(({ runId }) => !runIds.has(runId)) };
}

/** @param since start of the newest complete sweep: with the next one counting begins again */
export function countIn(state: MassChangeState, since: Instant | undefined, changes: number): MassChangeState {
  const counted = state.besides !== undefined && state.besides.since === since ? state.besides.count : 0;
  return { ...state, besides: { since, count: counted + changes } };
}

/** @returns `undefined` when no such run holds anything */
export function withRelease(
  { held, ...rest }: MassChangeState,
  runId: string,
  released: NonNullable<HeldRun['released']>,
): MassChangeState | undefined {
  if (!held.some((run) => run.runId === runId)) return undefined;
  return {
    ...rest,
    held: held.map((run) => (run.runId === runId ? { ...run, released: run.released ?? released } : run)),
  };
}

/**
 * Changes the state as often as it takes, since the sweep and operators both write it.
 * @param edit gives the new state, or `undefined` to leave it
 */
export async function editMassChange(
  tasks: TaskStore,
  edit: (state: MassChangeState) => MassChangeState | undefined,
): Promise<MassChangeState | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { state = { held: [] }, etag } = await tasks.read<MassChangeState>(MASS_CHANGE_TASK);
    const edited = edit(state);
    if (edited === undefined || JSON.stringify(edited) === JSON.stringify(state)) return edited;
    try {
      await tasks.write(MASS_CHANGE_TASK, edited, etag);
      return edited;
    } catch (thrown) {
      if (attempt === ATTEMPTS) throw thrown;
    }
  }
}
