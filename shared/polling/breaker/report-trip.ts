// Reports to operators that a run would have changed too much at once, and what is held therefore.

import { toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { countHeld } from './held-devices.ts';
import { editMassChange, type MassChangeLimits, withHeldCounts } from './mass-change.ts';

export interface ReportTripDeps {
  readonly devices: DeviceStore;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK = 'Look at what changed at the source.';
const JUDGE =
  'GET /api/poll shows what is held; POST /api/poll/release lets a run through, POST /api/poll/refuse keeps it held.';

/** What was too much at once. */
export interface Trip {
  readonly runId: string;
  /** Devices of the fleet. */
  readonly known: number;
  /** Between sweeps: what turns now, and what has turned since the newest sweep. The next one sees the whole list. */
  readonly betweenSweeps?: { readonly turning: number; readonly sinceLastSweep: number };
}

/** @returns how many devices are held now */
export async function reportTrip(
  deps: ReportTripDeps,
  { share, least }: MassChangeLimits,
  { runId, known, betweenSweeps }: Trip,
): Promise<number> {
  const { flips, absences, byRun } = await countHeld(deps.devices);
  const now = { runId, heldAt: toInstant(deps.clock.now()), changing: flips + absences, known };
  const state = await editMassChange(deps.tasks, (before) => withHeldCounts(before, byRun, now));
  const waiting = (state?.held ?? []).filter(
    ({ released, refused }) => released === undefined && refused === undefined,
  );
  const counts = { run: runId, ...betweenSweeps, flips, absences, known, share, least };
  const action = `${betweenSweeps ? 'The next sweep decides with the whole list.' : LOOK} ${JUDGE}`;
  // An operator has refused all of it, and it is the same devices.
  if (waiting.length === 0) deps.log.info('poll.still-refused', counts);
  else deps.log.error('poll.breaker-tripped', { ...counts, action });
  return now.changing;
}
