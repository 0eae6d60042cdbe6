// From the beginning of a world to its rest: a history happens to it, everything heals, time runs on, and the oracle
// looks.

import { awaitIn, compare } from './compare.ts';
import { happen, historyOf, type SimEvent } from './events.ts';
import { allJobs, describe, differences, falseProofs, twoEnds } from './oracle.ts';
import { probe } from './probes.ts';
import { seededRandom } from './seeded-random.ts';
import { turnAndCompare, turnSecondAndCompare } from './turn.ts';
import { type Failure, POLLING_INTERVAL_MS, World } from './world.ts';

const MINUTE = 60_000;
const LONGEST_HISTORY_MS = 14 * MINUTE;
/** Two sweeps and the attempts of a job, which lie ten minutes apart at most. */
const REST_MS = 4 * POLLING_INTERVAL_MS;
/** Attempts lie eighteen minutes apart at most, as long as nothing goes wrong. */
const LONGEST_ATTEMPT_MS = 25 * MINUTE;

export interface Outcome {
  readonly seed: number;
  readonly events: readonly SimEvent[];
  readonly failures: readonly Failure[];
}

export function historyOfSeed(seed: number): SimEvent[] {
  return historyOf(seed, LONGEST_HISTORY_MS);
}

export async function runWorld(
  seed: number,
  events: readonly SimEvent[] = historyOfSeed(seed),
  trace?: (line: string) => void,
): Promise<Outcome> {
  const world = new World(seed, trace);
  const begins = world.time.now;
  await world.begin();
  for (const event of events) {
    world.time.after(event.at, () => {
      world.tell(`EVENT ${event.kind} ${event.a} ${event.b} ${event.c}`);
      void happen(world, event);
    });
  }
  const last = events.at(-1)?.at ?? 0;
  await world.time.runUntil(begins + Math.max(last, 2 * MINUTE));
  world.heal();
  await world.time.runUntil(world.time.now + REST_MS);
  await atRest(world);
  if (world.failures.length === 0) await afterChange(world, seed);
  if (world.failures.length === 0) await probe(world, seed);
  return { seed, events, failures: world.failures };
}

async function atRest(world: World): Promise<void> {
  const covered = await compare(world, 'at rest');
  if (covered.length > 0 && world.failures.length === 0) {
    // A job under way is no excuse for ever: every NAS answers, so the next attempt brings it.
    await world.time.runUntil(world.time.now + LONGEST_ATTEMPT_MS);
    for (const difference of differences(world)) {
      const { session, inForce } = difference;
      if (covered.some((one) => one.session === session && one.inForce.at === inForce.at)) {
        world.fail(`still so, half an hour after all was well: ${describe(difference)}`);
      }
    }
  }
  const jobs = await awaitIn(world, allJobs(world, []));
  for (const problem of [...twoEnds(jobs), ...falseProofs(world, jobs)]) world.fail(problem);
  await spoolsMoveOn(world);
}

/** A record may be on its way just now; that it is still, a minute later, is a fault. */
async function spoolsMoveOn(world: World): Promise<void> {
  const oldest = new Map(world.proxies.map((proxy) => [proxy, proxy.oldestSpooled]));
  if (world.proxies.every(({ oldestSpooled }) => oldestSpooled === undefined)) return;
  await world.time.runUntil(world.time.now + MINUTE);
  for (const [{ site, oldestSpooled }, before] of oldest) {
    if (before !== undefined && oldestSpooled === before)
      world.fail(`the accounting spool of ${site} does not move on`);
  }
}

/** One device turns in a world that is well: no station keeps the old answer for long. */
async function afterChange(world: World, seed: number): Promise<void> {
  const there = world.intune.truth().map(({ id }) => id);
  if (there.length > 0) await turnAndCompare(world, seededRandom(seed, 'afterwards').pick(there), 'after a change');
  const ofSecond = world.second?.truth().map(({ id }) => id) ?? [];
  if (ofSecond.length === 0 || world.failures.length > 0) return;
  const one = seededRandom(seed, 'afterwards, of the second source').pick(ofSecond);
  await turnSecondAndCompare(world, one, 'after a change in the second source');
}
