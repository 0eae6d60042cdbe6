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
import type { Settings } from '../settings.ts';
import type { ConfiguredSource } from './sources.ts';

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
  /** Each opened on first use. */
  readonly sources: readonly ConfiguredSource[];
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

/** How old the beginning of a source's newest complete sweep may be; absent where there are no sweeps. */
export function reachableWithin(sources: readonly ConfiguredSource[]): (source: string) => number | undefined {
  const limits = new Map(sources.map(({ name, reachableMs }) => [name, reachableMs]));
  return (source) => limits.get(source);
}

/** How records of several sources are joined; absent where there is one source alone. */
export function joinRules(sources: readonly Pick<ConfiguredSource, 'name' | 'precedence'>[]): JoinRules | undefined {
  if (sources.length < 2) return undefined;
  const precedences = new Map(sources.map(({ name, precedence }) => [name, precedence]));
  return { sources: [...precedences.keys()], precedenceOf: (source) => precedences.get(source) };
}
