// Wires housekeeping: what removes decisions, sessions, jobs and the audit that have been kept long enough.

import { TableAuditStore } from '../adapters/table-storage/table-audit-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { type HousekeepingDeps, keepHouse, type Removed } from '../enforcement/keep-house.ts';
import type { Context } from './context.ts';

export async function openHousekeeping({ settings, clock, random, log, openTables }: Context) {
  const tables = await openTables('background');
  const deps: HousekeepingDeps = {
    decisions: new TableDecisionStore(tables.sessions),
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    jobs: new TableJobStore(tables),
    audit: new TableAuditStore(tables.audit, random),
    tasks: new TableTaskStore(tables.polling),
    clock,
    log,
  };
  return (functionTimeoutMs: number): Promise<Removed> => keepHouse(deps, settings, functionTimeoutMs);
}
