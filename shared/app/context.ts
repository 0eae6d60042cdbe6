// What every part of the app is opened with.

import type { ServiceBusClient } from '@azure/service-bus';
import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import type { RetryProfile, Tables } from '../adapters/table-storage/tables.ts';
import type { RefusalReport } from '../http/refusal-report.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Logger, Telemetry } from '../ports/telemetry.ts';
import type { Timer } from '../ports/timer.ts';
import type { Settings } from '../settings.ts';

/** Source whose device ids certificates carry. */
export { CERTIFICATE_SOURCE } from '../domain/session/presented-devices.ts';

export interface Context {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Logger;
  /** How refused requests are logged. */
  readonly refusals: RefusalReport;
  /** Aborted when the process ends: leases are given up, and no further step is begun. */
  readonly stopping: AbortSignal;
  /** Opened on first use, once per process: what is signed in with is shared. */
  readonly intune: () => Promise<IntuneAccess>;
  /**
   * Entries that a cache holds at most; memory for all of them is taken at once. Absent: as many as each cache likes.
   */
  readonly mostRemembered?: number | undefined;
  readonly openTables: (patience: RetryProfile) => Promise<Tables>;
  /** Gives what makes clients of Service Bus; loaded only where there is one. */
  readonly serviceBus: () => Promise<() => ServiceBusClient>;
  /** Opened on first use; gives nothing where no collector is configured. */
  readonly telemetry: () => Promise<Telemetry | undefined>;
  /** What close() calls, in this order. */
  readonly closing: (() => Promise<void>)[];
}

const SWEEP_GRACE_MS = 15 * 60_000;

/** How old the beginning of the newest complete sweep may be; absent where there are no sweeps. */
export function sourceReachableMs({ intunePermissions, pollingIntervalMs }: Settings): number | undefined {
  return intunePermissions === 'full' ? 2 * pollingIntervalMs + SWEEP_GRACE_MS : undefined;
}
