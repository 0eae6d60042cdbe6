// Compares what every port does with what policy says, and what is not the same with what operators see.

import { covers, type Difference, describe, differences, notEnforced } from './oracle.ts';
import type { World } from './world.ts';

/** @returns differences that a job or the list covers */
export async function compare(world: World, when: string): Promise<Difference[]> {
  const found = differences(world).filter((difference) => !isFallback(world, difference));
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

/** What a RADIUS server gives by itself it gives for minutes, without a word to the product. */
const FALLBACK_MS = 5 * 60_000;

function isFallback({ time }: World, { inForce }: Difference): boolean {
  return inForce.given === 'fail-mode' && inForce.class === undefined && time.now - inForce.at <= FALLBACK_MS;
}

/** Lets time pass until the product has answered. */
export async function awaitIn<T>(world: World, answer: Promise<T>): Promise<T> {
  let value: { readonly answer: T } | undefined;
  void answer.then((given) => {
    value = { answer: given };
  });
  for (let tries = 0; value === undefined && tries < 600; tries++) await world.time.runUntil(world.time.now + 100);
  if (value === undefined) throw new Error('the product gives no answer to an operator');
  return value.answer;
}
