// The breaker where no sweep is. What a run of the noncompliant list, or a round of the refresh, would turn or lose is
// staged beside the records while it goes on; here, at its end, all of it counts, or stays held until a person has
// looked.
//
// Done again after a crash it comes to the same: what is staged outlives the process that staged it. What another run
// has staged that is not at its end counts with the others when it is asked whether they are too many, and stays where
// it is: half of a run is no run.

import { concurrently } from '../../concurrently.ts';
import { SHARDS } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { toInstant } from '../../domain/instant.ts';
import type { AnswersDiffer } from '../../domain/policy/answers-differ.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import { applyHeld, countHeld, heldKeys } from '../breaker/held-devices.ts';
import {
  countedLately,
  countTurned,
  editMassChange,
  entryOf,
  isGradualMassChange,
  isMassChange,
  type MassChangeLimits,
  readMassChange,
  withHeldCounts,
} from '../breaker/mass-change.ts';
import { type ReportTripDeps, reportTrip } from '../breaker/report-trip.ts';
import { runsUnderWay } from '../point-reads/point-read-runs.ts';
import { type DispatchDeps, dispatchChanges } from '../records/dispatch-changes.ts';
import type { HoldRule } from '../records/plan-device-write.ts';
import type { SaveDeps } from '../records/save-devices.ts';

const SHARDS_AT_ONCE = 8;

export interface BreakerLimits {
  readonly massChange: MassChangeLimits;
  readonly answersDiffer: AnswersDiffer;
}

/** No sweep confirms a record meanwhile: it was confirmed when it was observed. */
export function stagingRule({ answersDiffer }: BreakerLimits, runId: string): HoldRule {
  return { kind: 'hold', answersDiffer, runId, confirmedUntil: undefined };
}

/**
 * @param runId of the run that is at its end
 * @returns how many devices are held now; nothing when the time was over before all of it counted: then it goes on with
 * what is left
 */
export async function concludePointReads(
  deps: SaveDeps & DispatchDeps & ReportTripDeps,
  { massChange }: BreakerLimits,
  runId: string,
): Promise<number | undefined> {
  const held = await countHeld(deps.devices);
  const changing = held.flips + held.absences;
  // The fleet is counted only when it matters.
  const before = await readMassChange(deps.tasks);
  const now = toInstant(deps.clock.now());
  const { better, worse } = countedLately(before, now);
  const isFew = changing + better + worse < massChange.least && held.absences < 2;
  const known = isFew ? changing : await countPresent(deps.devices);
  // A service that knows none of them any more proves nothing, however small the fleet.
  const isAll = held.absences > 1 && held.absences >= known;
  const isMass =
    isMassChange(changing, known, massChange) || isGradualMassChange(before, now, held.turns, known, massChange);
  if (isAll || isMass) return reportTrip(deps, massChange, { runId, known });
  // What a person has refused stays held while it is the same devices, few or many.
  const { held: runs } = withHeldCounts(before, held.byRun);
  const underWay = await runsUnderWay(deps.tasks);
  const isFree = (of: string): boolean =>
    (of === runId || !underWay.has(of)) && entryOf(runs, of)?.refused === undefined;
  const dispatchChunk = async (changes: readonly DeviceChange[]): Promise<void> => {
    await countTurned(deps.tasks, now, changes);
    await dispatchChanges(deps, changes);
  };
  const { done } = await applyHeld(deps, heldKeys(deps.devices), isFree, dispatchChunk, deps.hasTime);
  if (!done) return undefined;
  const left = changing === 0 ? held : await countHeld(deps.devices);
  await editMassChange(deps.tasks, (state) => withHeldCounts(state, left.byRun));
  return left.flips + left.absences;
}

/** Keys alone, several shards at once: of a million devices it takes seconds. */
async function countPresent(devices: DeviceStore): Promise<number> {
  const counts = await concurrently(SHARDS, SHARDS_AT_ONCE, async (shard) => {
    let count = 0;
    for await (const { presence } of devices.listKeys(shard)) if (presence === 'present') count += 1;
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
