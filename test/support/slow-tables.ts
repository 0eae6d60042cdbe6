// Tables in memory, behind a wire on which each call takes virtual time, and is counted.

import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { abortError, INSTANT, type Wire } from '../simulation/services/wire.ts';
import { clockOf, VirtualTime } from '../simulation/virtual-time.ts';

export interface SlowTables {
  readonly time: VirtualTime;
  readonly clock: Clock;
  /** For the code under test. */
  readonly tables: Tables;
  /** For the test itself: no time passes, and nothing is counted. */
  readonly atOnce: Tables;
  /** By table and call, e.g. `sessions.listEntities`. */
  readonly calls: Map<string, number>;
  /** Lets time pass until the work is over. @returns its result, and milliseconds that it took */
  run<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly tookMs: number }>;
  /** A process that is killed then: its calls never come back. @returns its tables */
  openUntil(killedAt: () => number): Tables;
}

export function slowTables(startsAt: number, callMs: number): SlowTables {
  const time = new VirtualTime(startsAt);
  const storage = new MemoryStorage(() => time.now);
  const calls = new Map<string, number>();
  const wire = (killedAt: () => number): Wire => ({
    call: (what, effect, signal) =>
      new Promise((resolve, reject) => {
        if (time.now >= killedAt()) return;
        if (signal?.aborted) return reject(abortError());
        signal?.addEventListener('abort', () => reject(abortError()));
        calls.set(what, (calls.get(what) ?? 0) + 1);
        time.after(callMs, () => {
          if (signal?.aborted || time.now >= killedAt()) return;
          try {
            resolve(effect());
          } catch (thrown) {
            reject(thrown);
          }
        });
      }),
  });
  const openUntil = (killedAt: () => number): Tables => storage.open(wire(killedAt));
  return {
    time,
    clock: clockOf(
      (milliseconds, ring) => time.after(milliseconds, ring),
      () => time.now,
      () => 0,
    ),
    tables: openUntil(() => Number.POSITIVE_INFINITY),
    atOnce: storage.open(INSTANT),
    calls,
    async run(work) {
      const from = time.now;
      let isOver = false;
      let end = from;
      const working = work().finally(() => {
        isOver = true;
        end = time.now;
      });
      working.catch(() => undefined);
      while (!isOver) await time.runUntil(time.now + callMs);
      return { result: await working, tookMs: end - from };
    },
    openUntil,
  };
}
