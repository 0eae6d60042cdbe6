// A device turns in a world that is well, and the minute that enforcement has begins when the turn is stored.

import { compare } from './compare.ts';
import { POLLING_INTERVAL_MS, type World } from './world.ts';

/** What is stored is enforced within a minute, and a round of the timer. */
const AFTER_STORED_MS = 80_000;
const STEP_MS = 5_000;

/** @param meanwhile what else happens, from the moment on at which the turn is stored */
export async function turnAndCompare(
  world: World,
  id: string,
  when: string,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const turned = turn(world, id);
  if (turned === undefined) return;
  await untilStored(world, id, turned);
  const storedAt = world.time.now;
  await meanwhile();
  await world.time.runUntil(storedAt + AFTER_STORED_MS);
  await compare(world, when);
}

function turn(world: World, id: string): string | undefined {
  const state = world.intune.get(id)?.complianceState;
  if (state === undefined) return undefined;
  world.tell(`${id} turns, and all is well`);
  const turned = state === 'compliant' ? 'noncompliant' : 'compliant';
  world.turn(id, turned, true);
  return turned;
}

/** A source that throttled before the world was well is asked less often for a while: the sweep finds it then. */
async function untilStored(world: World, id: string, state: string): Promise<void> {
  const until = world.time.now + 2 * POLLING_INTERVAL_MS;
  while (world.stateInStore(id) !== state && world.time.now < until) {
    await world.time.runUntil(world.time.now + STEP_MS);
  }
}
