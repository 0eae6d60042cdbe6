// How the poll is doing, for operators.

import type { Instant } from '../domain/instant.ts';
import type { SweepRunRecord, SweepStore, TaskStore } from '../ports.ts';
import { type HeldRun, readMassChange } from './mass-change.ts';

export interface PollStatus {
  /** The newest run that saw the whole list. */
  readonly lastComplete?: { readonly runId: string; readonly startedAt: Instant; readonly devices: number };
  readonly underWay?: {
    readonly runId: string;
    readonly startedAt: Instant;
    readonly pages: number;
    readonly devices: number;
  };
  /** No attempt before this, since the source failed or asked to wait. */
  readonly retryAt?: Instant;
  /** How many times the polling interval lies between runs now. */
  readonly stretch: number;
  /** Runs whose changes wait for a person, oldest first. */
  readonly held: readonly HeldRun[];
  /** Newest first. */
  readonly runs: readonly SweepRunRecord[];
}

const RUNS_SHOWN = 20;

export async function readPollStatus(sweeps: SweepStore, tasks: TaskStore): Promise<PollStatus> {
  const [{ state }, { held }, runs] = await Promise.all([
    sweeps.read(),
    readMassChange(tasks),
    sweeps.listRuns(RUNS_SHOWN),
  ]);
  const { lastComplete, run, stretch = 1 } = state;
  return {
    ...(lastComplete && { lastComplete }),
    ...(run && { underWay: { runId: run.id, startedAt: run.startedAt, pages: run.pages, devices: run.devices } }),
    ...(run?.retryAt && { retryAt: run.retryAt }),
    stretch,
    held,
    runs,
  };
}
