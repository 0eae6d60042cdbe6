// The machine's clock, or one that stands, moved forward by a test: an hour passes at once.

import { systemClock } from '../../shared/adapters/system/system-clock.ts';
import type { Clock } from '../../shared/ports/clock.ts';

export interface AdjustableClock extends Clock {
  advance(milliseconds: number): void;
}

export function adjustableClock(): AdjustableClock {
  return movedBy(() => Date.now());
}

/** For what happens within a moment, on however busy a machine. */
export function standingClock(): AdjustableClock {
  const began = Date.now();
  return movedBy(() => began);
}

/** From a moment that the test names. */
export function standingAt(at: string): AdjustableClock {
  const began = Date.parse(at);
  return movedBy(() => began);
}

function movedBy(milliseconds: () => number): AdjustableClock {
  let ahead = 0;
  return {
    now: () => new Date(milliseconds() + ahead),
    deadline: systemClock.deadline,
    within: systemClock.within,
    advance(by) {
      ahead += by;
    },
  };
}
