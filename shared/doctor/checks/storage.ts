// Table Storage, and how old what is stored there is.

import type { Check, Outcome } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SweepStore } from '../../ports/sweep-store.ts';

export interface StorageCheckDeps {
  /** Reads every table, and writes to one. @throws StoreError */
  readonly probe: () => Promise<{ readonly tables: number; readonly milliseconds: number }>;
  readonly sources: readonly SweptSource[];
  readonly clock: Clock;
}

export interface SweptSource {
  readonly name: string;
  readonly sweeps: Pick<SweepStore, 'read'>;
  /** `undefined` where no sweep is to be expected. */
  readonly pollingIntervalMs: number | undefined;
}

export function storageChecks({ probe, sources, clock }: StorageCheckDeps): Check[] {
  return [
    {
      name: 'storage',
      title: 'Table Storage',
      async run() {
        const { tables, milliseconds } = await probe();
        return { status: 'ok', saw: `${tables} tables read, one written, in ${milliseconds} ms.` };
      },
    },
    ...sources.map((source, index) => sweepCheck(source, clock, index === 0)),
  ];
}

/** @param first its check has no name of a source in its own, as ever */
function sweepCheck({ name, sweeps, pollingIntervalMs }: SweptSource, clock: Clock, first: boolean): Check {
  return {
    name: first ? 'sweep' : `sweep-${name}`,
    title: first ? 'Last sweep' : `Last sweep of ${name}`,
    needs: ['storage'],
    async run() {
      if (pollingIntervalMs === undefined)
        return { status: 'skipped', saw: 'INTUNE_PERMISSIONS is compliance-only: there are none.' };
      const { state } = await sweeps.read();
      return judgeSweep(state.lastComplete, clock.now(), pollingIntervalMs);
    },
  };
}

function judgeSweep(
  last: { readonly startedAt: string; readonly devices: number } | undefined,
  now: Date,
  pollingIntervalMs: number,
): Outcome {
  const action = 'Look at the log of the function “poll” for its last error.';
  if (last === undefined) {
    return { status: 'warn', saw: 'No sweep is complete yet.', means: 'Lookups know no device.', action };
  }
  const ageMs = now.getTime() - Date.parse(last.startedAt);
  const saw = `The last complete one began ${Math.round(ageMs / 60_000)} minutes ago and saw ${last.devices} devices.`;
  if (ageMs <= 2 * pollingIntervalMs) return { status: 'ok', saw };
  return {
    status: 'warn',
    saw,
    means: 'Two polling intervals have passed: answers are older than they should be.',
    action,
  };
}
