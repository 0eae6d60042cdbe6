// A device turns in a world that is well, and the minute that enforcement has begins when the turn is stored.

import { compare } from './compare.ts';
import { SECOND } from './models/second-source.ts';
import { POLLING_INTERVAL_MS, type World } from './world.ts';

/** What is stored is enforced within a minute, and a round of the timer. */
const AFTER_STORED_MS = 80_000;
const STEP_MS = 5_000;

/** The same of a device of the second source, which leads to stations by Intune's device alone. */
export async function turnSecondAndCompare(world: World, id: string, when: string): Promise<void> {
  const { second } = world;
  const { entraDeviceId, complianceState } = second?.get(id) ?? {};
  if (second === undefined || entraDeviceId === undefined) return;
  const turned = complianceState === 'compliant' ? 'noncompliant' : 'compliant';
  world.tell(`${id} of the second source turns, and all is well`);
  second.put(id, entraDeviceId, turned);
  await untilStored(world, id, turned, SECOND);
  await world.time.runUntil(world.time.now + AFTER_STORED_MS);
  await compare(world, when);
}

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
async function untilStored(world: World, id: string, state: string, source?: string): Promise<void> {
  const until = world.time.now + 2 * POLLING_INTERVAL_MS;
  while (world.stateInStore(id, source) !== state && world.time.now < until) {
    await world.time.runUntil(world.time.now + STEP_MS);
  }
}
