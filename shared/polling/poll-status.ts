// How the poll is doing, for operators.

import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { Instant } from '../domain/instant.ts';
import type { ErrorCode } from '../errors.ts';
import type { SourceState } from '../ports/source-state.ts';
import type { FleetIndexRoom, SweepRunRecord } from '../ports/sweep-store.ts';
import { CHANGED_DEVICES_TASK, type ChangedDevicesState } from './between-sweeps/changed-devices.ts';
import { type HeldRun, readMassChange } from './breaker/mass-change.ts';
import {
  NONCOMPLIANT_TASK,
  type NoncompliantState,
  REFRESH_TASK,
  type RefreshState,
} from './point-reads/point-read-runs.ts';
import { readTask } from './tasks/leased-task.ts';

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
  /** From 80 percent on each run says so; a full one can be stored no more (NAC_POLL_INDEX_FULL). */
  readonly fleetIndex?: FleetIndexRoom;
  /** Runs whose changes wait for a person, oldest first. */
  readonly held: readonly HeldRun[];
  /** Newest first. */
  readonly runs: readonly SweepRunRecord[];
  /** Between sweeps: absent until it was asked for the first time. */
  readonly changedDevices?: {
    /** Everything that checked in before this was read. */
    readonly watermark?: Instant;
    /** The source ignored the filter; not asked again before this. */
    readonly distrustedUntil?: Instant;
    readonly failures: number;
    readonly notBefore?: Instant;
  };
  /** With the least permission, in place of sweeps. */
  readonly noncompliantList?: NoncompliantState;
  /** With the least permission: the round through devices that have authenticated. */
  readonly refresh?: RefreshState;
  /** Its name, unless it is `intune`. */
  readonly source?: string;
  /** What keeps the source from being opened, such as a secret that is not set. */
  readonly problem?: SourceProblem;
  /** It is defined no more: its devices are taken away, or held. */
  readonly removed?: true;
}

export interface SourceProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly action: string;
}

interface StateOfSource extends Pick<SourceState, 'sweeps' | 'tasks'> {
  readonly name: string;
  readonly problem?: SourceProblem | undefined;
  readonly removed?: true | undefined;
}

const RUNS_SHOWN = 20;

/** The first source's poll, and those of all others by name. */
export interface PollOverview extends PollStatus {
  readonly otherSources?: Readonly<Record<string, PollStatus>>;
  /** Version of sources.yaml in force; absent where the settings define the sources. */
  readonly sourcesVersion?: string;
}

/** @param states of the sources, the first one first */
export async function readPollOverview(states: readonly StateOfSource[]): Promise<PollOverview> {
  const all = await Promise.all(states.map(async (state) => [state.name, await readPollStatus(state)] as const));
  const [first, ...others] = all;
  return {
    ...(first?.[1] ?? { stretch: 1, held: [], runs: [] }),
    ...(others.length > 0 && { otherSources: Object.fromEntries(others) }),
  };
}

async function readPollStatus({ name, problem, removed, sweeps, tasks }: StateOfSource): Promise<PollStatus> {
  const [{ state }, { held }, runs, changed, list, refresh] = await Promise.all([
    sweeps.read(),
    readMassChange(tasks),
    sweeps.listRuns(RUNS_SHOWN),
    tasks.read<ChangedDevicesState>(CHANGED_DEVICES_TASK),
    readTask<NoncompliantState>(tasks, NONCOMPLIANT_TASK),
    readTask<RefreshState>(tasks, REFRESH_TASK),
  ]);
  const { lastComplete, run, stretch = 1, fleetIndex } = state;
  return {
    ...(lastComplete && { lastComplete }),
    ...(run && { underWay: { runId: run.id, startedAt: run.startedAt, pages: run.pages, devices: run.devices } }),
    ...(run?.retryAt && { retryAt: run.retryAt }),
    stretch,
    ...(fleetIndex && { fleetIndex }),
    held,
    runs,
    ...(changed.state && { changedDevices: shownOf(changed.state) }),
    ...(list.state && { noncompliantList: list.state }),
    ...(refresh.state && { refresh: refresh.state }),
    ...(name !== CERTIFICATE_SOURCE && { source: name }),
    ...(problem && { problem }),
    ...(removed && { removed }),
  };
}

function shownOf({ watermark, distrustedUntil, failures = 0, notBefore }: ChangedDevicesState) {
  return {
    ...(watermark && { watermark }),
    ...(distrustedUntil && { distrustedUntil }),
    failures,
    ...(notBefore && { notBefore }),
  };
}
