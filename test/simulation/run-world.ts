// From the beginning of a world to its rest: a history happens to it, everything heals, time runs on, and the oracle looks.

import { happen, historyOf, type SimEvent } from './events.ts';
import { allJobs, covers, type Difference, describe, differences, notEnforced, twoEnds } from './oracle.ts';
import { seededRandom } from './seeded-random.ts';
import { type Failure, POLLING_INTERVAL_MS, World } from './world.ts';

const MINUTE = 60_000;
const LONGEST_HISTORY_MS = 14 * MINUTE;
/** Two sweeps and the attempts of a job, which lie ten minutes apart at most. */
const REST_MS = 4 * POLLING_INTERVAL_MS;
/** Attempts lie eighteen minutes apart at most, as long as nothing goes wrong. */
const LONGEST_ATTEMPT_MS = 25 * MINUTE;
/** What is stored is enforced within a minute, and a round of the timer. */
const AFTER_STORED_MS = MINUTE + 20_000;
const STEP_MS = 5_000;

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
  for (const problem of twoEnds(jobs)) world.fail(problem);
  for (const { site, spooled } of world.proxies) {
    if (spooled > 0) world.fail(`the accounting spool of ${site} still holds ${spooled} records`);
  }
}

/** One device turns in a world that is well: nobody keeps the old answer for long. */
async function afterChange(world: World, seed: number): Promise<void> {
  const random = seededRandom(seed, 'afterwards');
  const there = world.intune.truth().map(({ id }) => id);
  if (there.length === 0) return;
  const id = random.pick(there);
  const state = world.intune.get(id)?.complianceState;
  if (state === undefined) return;
  world.tell(`${id} turns, and all is well`);
  const turned = state === 'compliant' ? 'noncompliant' : 'compliant';
  world.turn(id, turned, true);
  // A source that throttled before the world was well is asked less often for a while: the sweep finds it then.
  const until = world.time.now + 2 * POLLING_INTERVAL_MS;
  while (world.stateInStore(id) !== turned && world.time.now < until) {
    await world.time.runUntil(world.time.now + STEP_MS);
  }
  await world.time.runUntil(world.time.now + AFTER_STORED_MS);
  await compare(world, 'after a change');
}

/** @returns differences that a job or the list covers */
async function compare(world: World, when: string): Promise<Difference[]> {
  const found = differences(world);
  if (found.length === 0) return [];
  const listed = await awaitIn(world, notEnforced(world));
  // What came right while the list was read is no difference.
  const still = differences(world);
  const covered: Difference[] = [];
  for (const difference of found) {
    if (!still.some(({ session }) => session === difference.session)) continue;
    if (listed.some((job) => covers(job, difference))) covered.push(difference);
    else world.fail(`${when}: ${describe(difference)}`);
  }
  return covered;
}

/** Lets time pass until the product has answered. */
async function awaitIn<T>(world: World, answer: Promise<T>): Promise<T> {
  let value: { readonly answer: T } | undefined;
  void answer.then((given) => {
    value = { answer: given };
  });
  for (let tries = 0; value === undefined && tries < 600; tries++) await world.time.runUntil(world.time.now + 100);
  if (value === undefined) throw new Error('the product gives no answer to an operator');
  return value.answer;
}
