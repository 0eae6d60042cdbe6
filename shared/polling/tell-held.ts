// Tells operators that a run would have changed too much at once, and what is held therefore.

import { toInstant } from '../domain/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { readHeldDevices } from './held-devices.ts';
import { editMassChange, type MassChangeLimits, withHeldCounts } from './mass-change.ts';

export interface TellHeldDeps {
  readonly devices: DeviceStore;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * @param known devices of the fleet
 * @returns how many devices are held now
 */
export async function tellHeld(
  deps: TellHeldDeps,
  { share, least }: MassChangeLimits,
  runId: string,
  known: number,
): Promise<number> {
  const { flips, absences, byRun } = await readHeldDevices(deps.devices);
  const total = { heldAt: toInstant(deps.clock.now()), changing: flips.size + absences, known };
  await editMassChange(deps.tasks, (state) => withHeldCounts(state, byRun, total));
  deps.log.error('poll.breaker-tripped', {
    run: runId,
    flips: flips.size,
    absences,
    known,
    share,
    least,
    action:
      'Look at what changed in Intune. GET /api/poll shows what is held, POST /api/poll/release lets a run through.',
  });
  return total.changing;
}
