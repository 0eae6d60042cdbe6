// The machine's clock, moved forward by a test: an hour passes at once.

import { systemClock } from '../../shared/adapters/system/system-clock.ts';
import type { Clock } from '../../shared/ports/clock.ts';

export interface AdjustableClock extends Clock {
  advance(milliseconds: number): void;
}

export function adjustableClock(): AdjustableClock {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    deadline: systemClock.deadline,
    within: systemClock.within,
    advance(milliseconds) {
      ahead += milliseconds;
    },
  };
}
