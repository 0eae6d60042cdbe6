// Wires the overview: one reading of a few rows answers all who ask within seconds.

import { sourceState } from '../adapters/table-storage/source-state.ts';
import { TableCountStore } from '../adapters/table-storage/table-count-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import { type OverviewReading, readOverview, type SourceOverview, showOverview } from '../console/read-overview.ts';
import { addMilliseconds, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { textDigest } from '../domain/text-digest.ts';
import type { Overview } from '../http/schemas/overview.ts';
import { readMassChange } from '../polling/breaker/mass-change.ts';
import { REFRESH_TASK, type RefreshState } from '../polling/point-reads/point-read-runs.ts';
import { readTask } from '../polling/tasks/leased-task.ts';
import type { CallOptions } from '../ports/call-options.ts';
import { sourcesAt } from '../ports/source-scope.ts';
import type { Context } from './context.ts';
import { coalesced } from './lazy.ts';
import type { ConfiguredSource } from './sources.ts';

const DEADLINE_MS = 10_000;
/** Readers of one instance within this time share a reading. */
const REMEMBERED_MS = 3_000;

export interface TaggedOverview {
  readonly overview: Overview;
  /** The same for as long as nothing but the time has changed (RFC 9110 8.8.3). */
  readonly etag: string;
}

export async function openOverview(context: Context) {
  const { sources, scope, clock, log, openTables } = context;
  const tables = await openTables('lookup');
  const policies = new TableVersionStore(tables.policies, 'policy');
  const deps = {
    counts: new TableCountStore(tables.polling, log),
    sources: async (options: CallOptions) =>
      Promise.all((await sources.inForce()).map((source) => sourceOverview(context, tables, source, options))),
    policy: async (options: CallOptions) => (await policies.readState(options)).state,
    clock,
  };
  const read = coalesced(() => clock.within(DEADLINE_MS, (signal) => readOverview(deps, { signal })));
  let newest: OverviewReading | undefined;
  /** @param sites those that the asker may see */
  return async (sites: Sites): Promise<TaggedOverview> => {
    const ageMs = newest === undefined ? undefined : clock.now().getTime() - Date.parse(newest.at);
    if (newest === undefined || ageMs === undefined || ageMs < 0 || ageMs > REMEMBERED_MS) newest = await read();
    const { counts } = await sourcesAt(scope, sites);
    const overview = showOverview(newest, { sees: (site) => includesSite(sites, site), counts });
    const { at: _, ...content } = overview;
    return { overview, etag: `"${textDigest(JSON.stringify(content), 32)}"` };
  };
}

async function sourceOverview(
  { clock }: Context,
  tables: Awaited<ReturnType<Context['openTables']>>,
  { name, sweeps: hasSweeps, limits, reachableMs }: ConfiguredSource,
  options: CallOptions,
): Promise<SourceOverview> {
  const { sweeps, tasks } = sourceState(tables, name);
  const now = toInstant(clock.now());
  const { held } = await readMassChange(tasks);
  if (!hasSweeps) {
    const { state } = await readTask<RefreshState>(tasks, REFRESH_TASK);
    const nextTryAt = state?.retryAt;
    const lastComplete = state?.lastComplete && { startedAt: state.lastComplete.startedAt };
    const failures = state?.failures ?? 0;
    return {
      freshness: {
        source: name,
        sweeps: false,
        failures,
        ...(lastComplete && { lastComplete }),
        ...(nextTryAt !== undefined && { nextTryAt }),
      },
      held,
    };
  }
  const { state } = await sweeps.read(options);
  const { lastComplete, run, lastStartedAt, stretch = 1 } = state;
  const dueAt = lastStartedAt && addMilliseconds(lastStartedAt, limits.pollingIntervalMs * stretch);
  const nextTryAt = run === undefined ? dueAt : run.retryAt;
  return {
    freshness: {
      source: name,
      sweeps: true,
      failures: run?.failures ?? 0,
      ...(lastComplete && { lastComplete: { startedAt: lastComplete.startedAt, devices: lastComplete.devices } }),
      ...(reachableMs !== undefined && {
        reachable: lastComplete !== undefined && millisecondsBetween(lastComplete.startedAt, now) <= reachableMs,
      }),
      ...(run && { underWay: { startedAt: run.startedAt, devices: run.devices } }),
      ...(nextTryAt !== undefined && { nextTryAt }),
    },
    held,
  };
}
