// Counts stored decisions, window by window of time: by site, rule and age of knowledge. A timer does it, so that no
// answer writes a count and no view scans.

import { concurrently } from '../concurrently.ts';
import { DecisionTally } from '../domain/decision-counts.ts';
import { SHARDS } from '../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { CountStore, FoldState } from '../ports/count-store.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface CountDecisionsDeps {
  readonly counts: CountStore;
  readonly decisions: Pick<DecisionStore, 'listCounted'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A decision is written within seconds after it was made; clocks of instances differ by less than the rest. */
const SETTLED_MS = 2 * 60_000;
/** A count is as old as this and {@link SETTLED_MS}, at most. One that is behind takes an hour at once. */
const WINDOW_MS = 5 * 60_000;
const SHORTEST_WINDOW_MS = 1_000;
/** Counting that stood still for long catches up with no more than this. */
const MOST_BEHIND_MS = 24 * 3_600_000;
const SHARDS_AT_ONCE = 4;
const HOUR_MS = 3_600_000;

/**
 * @param budgetMs no further window is begun after so long, and the one under way is cut short
 * @returns windows that were counted
 */
export async function countDecisions(
  { counts, decisions, clock, log }: CountDecisionsDeps,
  budgetMs: number,
): Promise<number> {
  const until = clock.now().getTime() + budgetMs;
  let counted = 0;
  for (;;) {
    const now = toInstant(clock.now());
    const { state, etag } = await counts.readFold();
    const from = beginOf(state, now);
    const windowMs = state?.windowMs ?? HOUR_MS;
    const end = endOf(from, windowMs, addMilliseconds(now, -SETTLED_MS));
    const leftMs = until - clock.now().getTime();
    if (end <= from || leftMs <= 0) return counted;
    const tally = new DecisionTally();
    try {
      await clock.within(leftMs, (signal) =>
        concurrently(SHARDS, SHARDS_AT_ONCE, async (shard) => {
          for await (const decision of decisions.listCounted(shard, { since: from, until: end }, { signal })) {
            tally.add(decision);
          }
        }),
      );
    } catch (thrown) {
      // The whole budget was not enough for it: the next round takes half.
      if (counted === 0 && clock.now().getTime() >= until && windowMs > SHORTEST_WINDOW_MS) {
        log.warn('console.counting-slow', { from, until: end, windowMs });
        const next = { until: from, windowMs: Math.max(SHORTEST_WINDOW_MS, Math.floor(windowMs / 2)) };
        await counts.addCounts({ from, next }, {}, etag);
        return counted;
      }
      throw thrown;
    }
    const next = { until: end, windowMs: Math.min(HOUR_MS, windowMs * 2) };
    if (!(await counts.addCounts({ from, next }, tally.counts(), etag))) return counted;
    counted += 1;
  }
}

/** Counting begins with the first round, and not with what was decided before. */
function beginOf(state: FoldState | undefined, now: Instant): Instant {
  if (state === undefined) return wholeWindow(addMilliseconds(now, -SETTLED_MS - WINDOW_MS));
  const earliest = wholeWindow(addMilliseconds(now, -MOST_BEHIND_MS));
  return state.until < earliest ? earliest : state.until;
}

function wholeWindow(at: Instant): Instant {
  return new Date(Math.floor(Date.parse(at) / WINDOW_MS) * WINDOW_MS).toISOString();
}

/** A window lies within one hour; what has settled is counted to the last five minutes, however much that is. */
function endOf(from: Instant, windowMs: number, settled: Instant): Instant {
  const at = Date.parse(from);
  const nextHour = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS;
  const last = Math.floor(Date.parse(settled) / WINDOW_MS) * WINDOW_MS;
  return new Date(Math.min(at + windowMs, nextHour, last)).toISOString();
}
