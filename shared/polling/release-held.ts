// A person lets through what a run held: says so at once, and the next tick of the poll applies it.

import type { DeviceKey } from '../domain/device.ts';
import { toInstant } from '../domain/instant.ts';
import { RequestError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type HandOnDeps, handOn, handOnLeft } from './hand-on.ts';
import { applyHeld } from './held-devices.ts';
import { editMassChange, type HeldRun, readMassChange, withoutHeldRuns, withRelease } from './mass-change.ts';
import type { SaveDeps } from './save-devices.ts';

export interface ReleaseDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * @param by name of the operator
 * @throws RequestError NAC_POLL_RUN_UNKNOWN when this run holds nothing
 */
export async function releaseRun({ tasks, clock, log }: ReleaseDeps, runId: string, by: string): Promise<HeldRun> {
  const released = { by, at: toInstant(clock.now()) };
  const state = await editMassChange(tasks, (before) => withRelease(before, runId, released));
  const run = state?.held.find((held) => held.runId === runId);
  if (run === undefined) throw unknownRun();
  log.warn('poll.released', { run: runId, by, flips: run.flips, absences: run.absences });
  return run;
}

/**
 * Applies what was released. Done again after a crash, it goes on with what is still held.
 * @returns how many records were written
 */
export async function applyReleases(deps: SaveDeps & HandOnDeps & ReleaseDeps): Promise<number> {
  const { held } = await readMassChange(deps.tasks);
  const released = new Set(held.flatMap((run) => (run.released ? [run.runId] : [])));
  if (released.size === 0) return 0;
  await handOnLeft(deps);
  const keys: DeviceKey[] = [];
  for await (const mark of deps.devices.marks()) {
    if (mark.held && released.has(mark.held.runId)) keys.push({ source: mark.source, id: mark.id });
  }
  const written = await applyHeld(deps, keys, released, (changes) => handOn(deps, changes));
  await editMassChange(deps.tasks, (state) => withoutHeldRuns(state, released));
  deps.log.info('poll.release-applied', { runs: [...released], written });
  return written;
}

function unknownRun(): RequestError {
  return new RequestError(400, 'NAC_POLL_RUN_UNKNOWN', 'No run of this id holds anything.', {
    action: 'Take the id from GET /api/poll; what is released already, or not held any more, is not listed there.',
    field: 'runId',
  });
}
