// Wires what keeps the index of devices that are not compliant: once a day the whole fleet is looked through. The first
// time ever comes before the first device is stored, so that a new fleet is not written for a second time.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableNoncompliantIndex } from '../adapters/table-storage/table-noncompliant-index.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { toConnectorError } from '../errors.ts';
import { INDEX_TASK, keepNoncompliantIndex } from '../polling/records/keep-noncompliant-index.ts';
import { readTask } from '../polling/tasks/leased-task.ts';
import type { Context } from './context.ts';

/** Of the time a function may run. */
const BUDGET_SHARE = 0.1;
/** Longer than a function may run: an instance that still runs has its lease. */
const LEASE_SHARE = 1.5;

export async function openNoncompliantIndex({ settings, clock, random, log, stopping, openTables }: Context) {
  const tables = await openTables('background');
  const deps = {
    devices: new TableDeviceStore(tables.devices, log),
    identities: new TableIdentityStore(tables.identities, log),
    index: new TableNoncompliantIndex(tables.devices),
    tasks: new TableTaskStore(tables.polling, log),
    maxCheckInAgeMs: settings.maxCheckInAgeMs,
    clock,
    random,
    log,
    stopping,
  };
  let begun = false;
  const isBegun = async (): Promise<boolean> => (await readTask(deps.tasks, INDEX_TASK)).state !== undefined;
  const keep = (functionTimeoutMs: number) =>
    keepNoncompliantIndex(deps, {
      budgetMs: functionTimeoutMs * BUDGET_SHARE,
      leaseMs: functionTimeoutMs * LEASE_SHARE,
    });
  /** The poll goes on: every write of a record keeps its own entry. */
  const goingOn = async (run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
    } catch (thrown) {
      const { code, message, action } = toConnectorError(thrown);
      log.warn('poll.task-failed', { task: INDEX_TASK, code, message, action });
    }
  };
  return {
    /** Before a poll stores devices; looks once in this process. */
    begin: (functionTimeoutMs: number) =>
      goingOn(async () => {
        if (!begun && !(await isBegun())) await keep(functionTimeoutMs);
        begun = true;
      }),
    keep: (functionTimeoutMs: number) => goingOn(() => keep(functionTimeoutMs)),
  };
}
