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

export interface KnownSources {
  readonly known: readonly { readonly name: string }[];
}

export function openSweepStatus(
  { sources, clock }: { readonly sources: KnownSources; readonly clock: Clock },
  tables: Tables,
): SweepStatus {
  const isKnown = (source: string): boolean => sources.known.some(({ name }) => name === source);
  return new CachedSweepStatus((source) => (isKnown(source) ? sourceState(tables, source).sweeps : undefined), clock);
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
        (await sources.inForce()).map(async ({ name, sweeps }): Promise<Instant | undefined> => {
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
