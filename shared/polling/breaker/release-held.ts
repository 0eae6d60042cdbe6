// An operator releases what a run held, and the next tick of the poll applies it; or refuses it, and it stays held.

import type { DeviceChange } from '../../domain/device/device-change.ts';
import { toInstant } from '../../domain/instant.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { type DispatchDeps, dispatchChanges, dispatchRest, redispatchPending } from '../records/dispatch-changes.ts';
import type { SaveDeps } from '../records/save-devices.ts';
import { applyHeld, heldKeys } from './held-devices.ts';
import {
  editMassChange,
  entryOf,
  type HeldRun,
  type MassChangeState,
  readMassChange,
  withoutHeldRuns,
  withRefusal,
  withRelease,
} from './mass-change.ts';

export interface ReleaseDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** A reason as the log may show it; as it is unless given. */
  readonly shown?: (reason: string) => string;
}

/** What an operator says of a run. */
export interface ReleaseRequest {
  readonly runId: string;
  /** Whose run it is; needed where several sources hold a run of this id. */
  readonly source?: string;
  readonly reason: string;
}

/**
 * The source that holds something of this run.
 * @throws RequestError NAC_POLL_RUN_UNKNOWN when none does, NAC_REQUEST_FIELD when several do
 */
export async function sourceOfRun<Source extends { readonly name: string; readonly tasks: TaskStore }>(
  sources: readonly Source[],
  { runId, source }: ReleaseRequest,
): Promise<Source> {
  const asked = source === undefined ? sources : sources.filter(({ name }) => name === source);
  const holding: Source[] = [];
  for (const each of asked) {
    const { held } = await readMassChange(each.tasks);
    if (held.some((run) => run.runId === runId)) holding.push(each);
  }
  const [only, ...others] = holding;
  if (only === undefined) throw unknownRun();
  if (others.length > 0) throw severalSources(holding);
  return only;
}

/**
 * What this run held, and what was held before it and not refused, counts with the next tick.
 * @param by name of the operator
 * @throws RequestError NAC_POLL_RUN_UNKNOWN when this run holds nothing
 */
export async function releaseRun(deps: ReleaseDeps, { runId, reason }: ReleaseRequest, by: string): Promise<HeldRun> {
  const verdict = { by, at: toInstant(deps.clock.now()), reason };
  const run = await judge(deps, runId, (state) => withRelease(state, runId, verdict));
  deps.log.warn('poll.released', {
    run: runId,
    by,
    reason: shownBy(deps, reason),
    flips: run.flips,
    absences: run.absences,
  });
  return run;
}

/**
 * What this run held stays held, without another alarm, as long as it is the same devices.
 * @param by name of the operator
 * @throws RequestError NAC_POLL_RUN_UNKNOWN when this run holds nothing, or is released already
 */
export async function refuseRun(deps: ReleaseDeps, { runId, reason }: ReleaseRequest, by: string): Promise<HeldRun> {
  const verdict = { by, at: toInstant(deps.clock.now()), reason };
  const run = await judge(deps, runId, (state) => withRefusal(state, runId, verdict));
  deps.log.warn('poll.refused', {
    run: runId,
    by,
    reason: shownBy(deps, reason),
    flips: run.flips,
    absences: run.absences,
  });
  return run;
}

function shownBy({ shown }: ReleaseDeps, reason: string): string {
  return shown === undefined ? reason : shown(reason);
}

async function judge(
  { tasks }: ReleaseDeps,
  runId: string,
  edit: (state: MassChangeState) => MassChangeState | undefined,
): Promise<HeldRun> {
  const state = await editMassChange(tasks, edit);
  const run = state?.held.find((held) => held.runId === runId);
  if (run === undefined) throw unknownRun();
  return run;
}

/**
 * Hands on what an earlier tick left, and applies what was released. Costs one read while there is neither. Done again
 * after a crash, or where the time was over, it goes on with what is still held.
 * @returns how many records were written
 */
export async function applyReleases(deps: SaveDeps & DispatchDeps & ReleaseDeps): Promise<number> {
  const { held, changesLeft } = await readMassChange(deps.tasks);
  if (changesLeft) await dispatchRest(deps);
  const released = new Set(held.flatMap((run) => (run.released ? [run.runId] : [])));
  if (released.size === 0 || !(await redispatchPending(deps))) return 0;
  const isReleased = (runId: string): boolean => entryOf(held, runId)?.released !== undefined;
  const dispatchChunk = async (changes: readonly DeviceChange[]): Promise<void> =>
    void (await dispatchChanges(deps, changes));
  const keys = heldKeys(deps.devices, isReleased);
  const { written, done } = await applyHeld(deps, keys, isReleased, dispatchChunk, deps.hasTime);
  if (done) await editMassChange(deps.tasks, (state) => withoutHeldRuns(state, released));
  deps.log.info('poll.release-applied', { runs: [...released], written, done });
  return written;
}

function severalSources(sources: readonly { readonly name: string }[]): RequestError {
  const names = sources.map(({ name }) => name).join(', ');
  return new RequestError(400, 'NAC_REQUEST_FIELD', `Several sources hold a run of this id: ${names}.`, {
    action: 'Name one of them in the field source.',
    field: 'source',
  });
}

function unknownRun(): RequestError {
  return new RequestError(400, 'NAC_POLL_RUN_UNKNOWN', 'No run of this id holds anything that waits for a person.', {
    action: 'Take the id from GET /api/poll; what is released already, or not held any more, is not listed there.',
    field: 'runId',
  });
}
