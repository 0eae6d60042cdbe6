// Wires housekeeping: what removes jobs and sessions that have been over for long, and decisions kept long enough.

import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { addMilliseconds, toInstant } from '../domain/instant.ts';
import { keepHouse } from '../enforcement/keep-house.ts';
import type { Context } from './context.ts';

/** A call ends well before the host would end it. */
const MOST_REMOVED = 5_000;
/** A hundred go with one request. */
const MOST_DECISIONS_REMOVED = 100_000;

export async function openHousekeeping({ settings, clock, random, log, openTables }: Context) {
  const tables = await openTables('background');
  const deps = {
    jobs: new TableJobStore(tables),
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    clock,
    random,
    log,
  };
  const history = new TableDecisionStore(tables.sessions);
  return async () => {
    const removed = await keepHouse(deps, { jobHistoryMs: settings.jobHistoryMs, mostRemoved: MOST_REMOVED });
    const before = addMilliseconds(toInstant(clock.now()), -settings.decisionHistoryMs);
    return { ...removed, decisions: await history.removeBefore(before, MOST_DECISIONS_REMOVED) };
  };
}
