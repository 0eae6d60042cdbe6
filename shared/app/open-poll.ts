// Wires polling: what gets compliance from Intune into the store.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableSweepStore } from '../adapters/table-storage/table-sweep-store.ts';
import { openTables } from '../adapters/table-storage/tables.ts';
import { runSweepSlice, type SliceResult } from '../polling/sweep.ts';
import type { ChangeListener } from '../ports.ts';
import type { Context } from './context.ts';
import { daysLeftReporter } from './report-days-left.ts';

/** The rest of the time a function may run is for the page under way when the slice ends. */
const SLICE_SHARE = 0.6;
/** Nobody who still runs has lost the lease. */
const LEASE_SHARE = 1.5;

export async function openPoll({ settings, clock, random, log, closing }: Context, onChange: ChangeListener) {
  const { openIntuneSource } = await import('../adapters/intune/open-intune-source.ts');
  const { source, tokens, close } = openIntuneSource(settings, clock);
  closing.push(close);
  const tables = await openTables(settings.storage, 'background');
  const deps = {
    source,
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    sweeps: new TableSweepStore(tables.polling),
    onChange,
    clock,
    random,
    log,
  };
  const reportDaysLeft = daysLeftReporter(tokens, settings.graphEndpoint, clock, log);
  return async (functionTimeoutMs: number): Promise<SliceResult> => {
    const result = await runSweepSlice(deps, {
      pollingIntervalMs: settings.pollingIntervalMs,
      sliceBudgetMs: functionTimeoutMs * SLICE_SHARE,
      leaseMs: functionTimeoutMs * LEASE_SHARE,
    });
    await reportDaysLeft();
    return result;
  };
}
