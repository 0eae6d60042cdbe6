// Runs worlds one after the other, and makes of a failure what a person needs: the shortest history and how to replay
// it.

import type { SimEvent } from './events.ts';
import { historyOfSeed, type Outcome, runWorld } from './run-world.ts';
import { shrink } from './shrink.ts';
import type { Failure } from './world.ts';

/** @returns the outcome of the first seed that fails */
export async function firstFailure(
  from: number,
  count: number,
  onProgress: (seed: number) => void = () => undefined,
): Promise<Outcome | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await runWorld(seed);
    if (outcome.failures.length > 0) return outcome;
    onProgress(seed);
  }
  return undefined;
}

/** A history that nearly all seeds find is short soon; another one need not be the very shortest. */
const MOST_RUNS = 80;

export async function shortestHistory({ seed, failures }: Outcome): Promise<Outcome> {
  let runs = 0;
  const kinds = new Set(failures.map(kindOf));
  const fails = async (events: readonly SimEvent[]): Promise<boolean> => {
    runs += 1;
    if (runs > MOST_RUNS) return false;
    const outcome = await runWorld(seed, events);
    return outcome.failures.some((failure) => kinds.has(kindOf(failure)));
  };
  return runWorld(seed, await shrink(historyOfSeed(seed), fails));
}

export function report({ seed, events, failures }: Outcome): string {
  return [
    `seed ${seed} fails: npm run simulate -- --seed ${seed} --trace`,
    ...failures.map(({ what, at }) => `  ${new Date(at).toISOString()} ${what}`),
    `shortest history that still fails, ${events.length} events (times after the beginning):`,
    ...events.map(({ at, kind, a, b, c }) => `  ${(at / 1000).toFixed(1)} s  ${kind} ${a} ${b} ${c}`),
  ].join('\n');
}

/** A history that fails otherwise is another fault. */
function kindOf({ what }: Failure): string {
  return what.slice(0, 10);
}
