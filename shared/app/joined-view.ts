// Wires what the doctor shows of a device that several sources know.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import type { JoinedView } from '../doctor/show-device.ts';
import { toInstant } from '../domain/instant.ts';
import { judge } from '../lookup/gather-facts.ts';
import { otherRecords } from '../lookup/join-records.ts';
import { siteRecords } from '../lookup/site-records.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import { joinRules } from './context.ts';
import { scopeOf } from './source-scope.ts';
import type { SourceSetup } from './source-setup.ts';
import { openSweepStatus } from './sweep-status.ts';

type Sources = readonly Pick<SourceSetup, 'name' | 'precedence' | 'certificateIds' | 'reachableMs'>[];

/** @returns `undefined` for a device of one source alone */
export function joinedView(
  tables: Tables,
  { sources, clock, maxCheckInAgeMs }: { sources: Sources; clock: Clock; maxCheckInAgeMs: number },
): (stored: StoredDevice) => Promise<JoinedView | undefined> {
  const joins = joinRules({ known: sources });
  const limits = new Map(sources.map(({ name, reachableMs }) => [name, reachableMs]));
  const deps = {
    sweepStatus: openSweepStatus({ sources: { known: sources }, clock }, tables),
    clock,
    maxCheckInAgeMs,
    sourceReachableMs: (source: string) => limits.get(source),
    joins,
  };
  const records = siteRecords({
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    scope: scopeOf(async () => sources),
  });
  return async (stored) => {
    const joined = await otherRecords(await records.seenAt('every'), joins, stored, {});
    if (joined === 'too-many') return { tooMany: true };
    if (joined.length === 0) return undefined;
    const { verdict, because, all } = await judge(deps, { stored, joined }, toInstant(clock.now()), {});
    return { records: joined, verdicts: all, counts: verdict.source, because };
  };
}
