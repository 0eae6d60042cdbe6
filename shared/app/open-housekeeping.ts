// Wires housekeeping: what logs changes at the command line, and what removes decisions, sessions, jobs, the audit and
// devices that have been kept long enough.

import { TableAuditStore } from '../adapters/table-storage/table-audit-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { logCommandLine } from '../enforcement/log-command-line.ts';
import { type HousekeepingDeps, purgeExpired, type Removed } from '../enforcement/purge-expired.ts';
import { toConnectorError } from '../errors.ts';
import { removeGoneDevices } from '../polling/records/remove-gone-devices.ts';
import type { Context } from './context.ts';

/** Of the time that the function may run; housekeeping itself takes no more than 0.6 of it. */
const LOG_SHARE = 0.1;

export async function openHousekeeping({ settings, clock, random, log, openTables }: Context) {
  const tables = await openTables('background');
  const audit = new TableAuditStore(tables.audit, random);
  const records = {
    devices: new TableDeviceStore(tables.devices, log),
    identities: new TableIdentityStore(tables.identities, log),
  };
  const deps: HousekeepingDeps = {
    decisions: new TableDecisionStore(tables.sessions),
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    jobs: new TableJobStore(tables),
    audit,
    devices: { removeGone: (shard, before, options) => removeGoneDevices(records, shard, before, options) },
    tasks: new TableTaskStore(tables.polling),
    clock,
    log,
  };
  return async (functionTimeoutMs: number): Promise<Removed> => {
    await logCommandLine({ ...deps, audit }, { signal: clock.deadline(functionTimeoutMs * LOG_SHARE) }).catch(
      (thrown) => {
        const { code, message, action } = toConnectorError(thrown);
        log.warn('audit.command-line-not-read', { code, message, action });
      },
    );
    return purgeExpired(deps, settings, functionTimeoutMs);
  };
}
