// The machine's own timers.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Timer } from '../../ports/timer.ts';

export const systemTimer: Timer = {
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  turn: () => nextTurn(),
};
