// Wires what timers count for the console: decisions, live sessions and jobs. A count that fails holds up nothing: its
// figure says how old it is.

import { TableCountStore } from '../adapters/table-storage/table-count-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { countDecisions } from '../console/count-decisions.ts';
import { countSessions } from '../console/count-sessions.ts';
import { JOBS_FIGURE } from '../console/read-overview.ts';
import { addMilliseconds, toInstant } from '../domain/instant.ts';
import type { JobsFigure } from '../enforcement/count-jobs.ts';
import { toConnectorError } from '../errors.ts';
import type { Context } from './context.ts';

/** Of the time that a function may run, for each of them. */
const SHARE = 0.05;
/** No more often: what is counted is that old, at most, and the time of one count. */
const DECISIONS_EVERY_MS = 5 * 60_000;
const SESSIONS_EVERY_MS = 60_000;
/** After a count. */
const SESSIONS_REST_MS = 30 * 60_000;
const JOBS_EVERY_MS = 2 * 60_000;
const REMOVAL_EVERY_MS = 24 * 3_600_000;
/** Counts of hours and days are kept for so long. */
const KEPT_MS = 92 * 24 * 3_600_000;

/** @param countJobs absent where nothing enforces */
export async function openCounting(
  { clock, log, stopping, openTables }: Context,
  countJobs: ((budgetMs: number) => Promise<JobsFigure>) | undefined,
) {
  const tables = await openTables('background');
  const counts = new TableCountStore(tables.polling, log);
  const decisions = new TableDecisionStore(tables.sessions);
  const sessions = new TableSessionStore(tables.sessions, { clock, log });
  const works = [
    due('decisions', DECISIONS_EVERY_MS, async (ms) => {
      await countDecisions({ counts, decisions, clock, log }, ms);
      return undefined;
    }),
    due('sessions', SESSIONS_EVERY_MS, async (ms) =>
      (await countSessions({ counts, sessions, clock }, ms)) ? SESSIONS_REST_MS : undefined,
    ),
    due('jobs', JOBS_EVERY_MS, async (ms) => {
      if (countJobs !== undefined) await counts.writeFigure(JOBS_FIGURE, await countJobs(ms));
      return undefined;
    }),
    due('removal', REMOVAL_EVERY_MS, async () => {
      await counts.removeSpansBefore(addMilliseconds(toInstant(clock.now()), -KEPT_MS));
      return undefined;
    }),
  ];

  /** @param work gives the milliseconds until it is due again, where that is not `everyMs` */
  function due(what: string, everyMs: number, work: (budgetMs: number) => Promise<number | undefined>) {
    let notBefore = 0;
    return async (budgetMs: number): Promise<void> => {
      const now = clock.now().getTime();
      if (stopping.aborted || now < notBefore) return;
      notBefore = now + everyMs;
      try {
        notBefore = now + ((await work(budgetMs)) ?? everyMs);
      } catch (thrown) {
        const { code, message, action } = toConnectorError(thrown);
        log.warn('console.counting-failed', { what, code, message, action });
      }
    };
  }

  return async (functionTimeoutMs: number): Promise<void> => {
    for (const work of works) await work(functionTimeoutMs * SHARE);
  };
}
