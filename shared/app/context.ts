// What every part of the app is opened with.

import type { ServiceBusClient } from '@azure/service-bus';
import type { RetryProfile, Tables } from '../adapters/table-storage/tables.ts';
import type { RefusalReport } from '../http/refusal-report.ts';
import type { Clock } from '../ports/clock.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { Random } from '../ports/random.ts';
import type { SourceScope } from '../ports/source-scope.ts';
import type { Logger, Telemetry } from '../ports/telemetry.ts';
import type { Timer } from '../ports/timer.ts';
import type { Env } from '../settings/settings-reader.ts';
import type { Settings } from '../settings.ts';
import type { SourceSet } from './source-set.ts';
import type { SourceSetup } from './source-setup.ts';

/** Under which name certificates carry device ids. */
export { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';

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
  /** Where secrets of sources stand, by the names of settings. */
  readonly env: Env;
  /** Those in force, each opened on first use. */
  readonly sources: SourceSet;
  /** Which of them count at which site. */
  readonly scope: SourceScope;
  /**
   * Entries that a cache holds at most; memory for all of them is taken at once. Absent: as many as each cache likes.
   */
  readonly mostRemembered?: number | undefined;
  readonly openTables: (profile: RetryProfile) => Promise<Tables>;
  /** Gives what makes clients of Service Bus; loaded only where there is one. */
  readonly serviceBus: () => Promise<() => ServiceBusClient>;
  /** Opened on first use; gives nothing where no collector is configured. */
  readonly telemetry: () => Promise<Telemetry | undefined>;
  /** What close() calls, in this order. */
  readonly closing: (() => Promise<void>)[];
}

/**
 * How old the beginning of a source's newest complete sweep may be; absent where there are no sweeps, negative for a
 * source that is defined no more.
 */
export function reachableWithin(sources: {
  readonly known: readonly Pick<SourceSetup, 'name' | 'reachableMs'>[];
}): (source: string) => number | undefined {
  return (source) => sources.known.find(({ name }) => name === source)?.reachableMs;
}

/** How records of several sources are joined, by the sources in force at each question. */
export function joinRules(sources: {
  readonly known: readonly Pick<SourceSetup, 'name' | 'precedence' | 'entraIds'>[];
}): JoinRules {
  return {
    get sources() {
      return sources.known.map(({ name }) => name);
    },
    precedenceOf: (source) => sources.known.find(({ name }) => name === source)?.precedence,
    hasEntraIds: (source) => sources.known.find(({ name }) => name === source)?.entraIds === true,
  };
}
