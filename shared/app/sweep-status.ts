// How fresh each source's devices are, and all of them together.

import { CachedSweepStatus } from '../adapters/memory/cached-sweep-status.ts';
import { sourceState } from '../adapters/table-storage/source-state.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import type { Instant } from '../domain/instant.ts';
import { REFRESH_TASK, type RefreshState } from '../polling/point-reads/point-read-runs.ts';
import { readTask } from '../polling/tasks/leased-task.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetStatus, SweepStatus } from '../ports/sweep-status.ts';
import type { Context } from './context.ts';

export function openSweepStatus(
  { sources, clock }: { readonly sources: readonly { readonly name: string }[]; readonly clock: Clock },
  tables: Tables,
): SweepStatus {
  return new CachedSweepStatus(new Map(sources.map(({ name }) => [name, sourceState(tables, name).sweeps])), clock);
}

/** A source without sweeps counts by its rounds through the devices that have authenticated. */
export function openFleetStatus(
  { sources }: Pick<Context, 'sources'>,
  tables: Tables,
  sweepStatus: SweepStatus,
): FleetStatus {
  return {
    async newestRunStartedAt(options) {
      const started = await Promise.all(
        sources.map(async ({ name, sweeps }): Promise<Instant | undefined> => {
          if (sweeps) return sweepStatus.lastCompleteStartedAt(name, options);
          const { state } = await readTask<RefreshState>(sourceState(tables, name).tasks, REFRESH_TASK);
          return state?.lastComplete?.startedAt;
        }),
      );
      return started
        .filter((at) => at !== undefined)
        .sort()
        .at(-1);
    },
  };
}
