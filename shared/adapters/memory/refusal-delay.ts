// Wrong credentials are answered late, and later the more there are, so that guessing gains nothing. Right ones never
// wait: an attacker who guesses cannot lock a RADIUS server out.

import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';
import type { RefusalDelay } from '../../ports/refusal-delay.ts';

/** Mistakes that cost nothing: a mistyped key must not feel like a hang. */
const FREE = 3;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;
/** After so long without refusals the count of a name begins at zero. */
const FORGET_AFTER_MS = 10 * 60_000;
/** Names remembered at once; attackers who use more make each other forgotten. */
const MOST_NAMES = 1_000;
/** Answers that wait at once; beyond that they are given at once, since waiting must not use up the instance. */
const MOST_WAITING = 50;

interface Refusals {
  count: number;
  lastAt: number;
}

export function createRefusalDelay(clock: Clock): RefusalDelay {
  const names = new LRUCache<string, Refusals>({ max: MOST_NAMES });
  let waiting = 0;

  function refusalsOf(name: string): Refusals {
    const now = clock.now().getTime();
    const known = names.get(name);
    if (known !== undefined && now - known.lastAt < FORGET_AFTER_MS) return known;
    const refusals = { count: 0, lastAt: now };
    names.set(name, refusals);
    return refusals;
  }

  return {
    async after(name) {
      const refusals = refusalsOf(name);
      refusals.count += 1;
      refusals.lastAt = clock.now().getTime();
      const { count } = refusals;
      if (count <= FREE || waiting >= MOST_WAITING) return count;
      waiting += 1;
      await aborted(clock.deadline(Math.min(FIRST_DELAY_MS * 2 ** (count - FREE - 1), LONGEST_DELAY_MS)));
      waiting -= 1;
      return count;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
