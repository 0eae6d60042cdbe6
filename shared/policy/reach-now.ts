// Which sources are reachable at the time of a what-if: one that is away changes answers, though no device changes.

import type { Instant } from '../domain/instant.ts';
import { isSourceReachable } from '../domain/source/source-reachable.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';

export interface ReachDeps {
  readonly sweepStatus: SweepStatus;
  /** How old the newest complete sweep of a source may be, as lookups go by. */
  readonly sourceReachableMs: (source: string) => number | undefined;
  readonly joins: JoinRules;
}

/** Which sources are reachable at this time, as lookups see it. */
export interface ReachNow {
  readonly now: Instant;
  /** Of each source that is known; absent where there is one alone. */
  readonly all?: Readonly<Record<string, boolean>>;
  /** @returns `undefined` where the source has no sweeps, or has completed none yet */
  of(source: string, sweptAt?: Instant): boolean | undefined;
}

export async function reachNow({ sweepStatus, sourceReachableMs, joins }: ReachDeps, now: Instant): Promise<ReachNow> {
  const { sources } = joins;
  const swept = await Promise.all(
    sources.map(async (source) => [source, await sweepStatus.lastCompleteStartedAt(source)] as const),
  );
  const sweptAtOf = new Map(swept);
  const of: ReachNow['of'] = (source, sweptAt = sweptAtOf.get(source)) =>
    isSourceReachable(sourceReachableMs(source), sweptAt, now);
  const known = sources.flatMap((source) => {
    const is = of(source);
    return is === undefined ? [] : [[source, is] as const];
  });
  return { now, of, ...(sources.length > 1 && { all: Object.fromEntries(known) }) };
}

/** What policy may ask of it. @param source whose verdict counts */
export function reachFacts({ all, of }: ReachNow, source: string | undefined) {
  const reachable = source === undefined ? undefined : of(source);
  return { ...(all && { sourcesReachable: all }), ...(reachable !== undefined && { sourceReachable: reachable }) };
}
