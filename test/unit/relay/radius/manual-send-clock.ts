// A clock of the sender that a test moves on by hand.

import type { SendClock } from '../../../../relay/radius/send-clock.ts';

export interface ManualSendClock extends SendClock {
  /** Lets so many milliseconds pass; what is due in them happens in order, each at its own time. */
  advance(milliseconds: number): Promise<void>;
  /** Callbacks not yet due. */
  readonly pending: number;
}

export function manualSendClock(start = new Date('2026-11-20T12:00:00.750Z')): ManualSendClock {
  let elapsed = 0;
  const due = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => new Date(start.getTime() + elapsed),
    elapsed: () => elapsed,
    after(milliseconds, callback) {
      const entry = { at: elapsed + milliseconds, callback };
      due.add(entry);
      return () => due.delete(entry);
    },
    async advance(milliseconds) {
      const end = elapsed + milliseconds;
      await settled();
      for (;;) {
        const [next] = [...due].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        due.delete(next);
        elapsed = Math.max(elapsed, next.at);
        next.callback();
        await settled();
      }
      elapsed = end;
    },
    get pending() {
      return due.size;
    },
  };
}

/** All promises that can settle now have done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
