// The breaker where no sweep is. What a run of the noncompliant list, or a round of the refresh, would turn or lose is staged
// beside the records while it goes on; here, at its end, all of it counts, or stays held until a person has looked.
//
// Done again after a crash it comes to the same: what is staged outlives the process that staged it.

import type { AnswersDiffer } from '../domain/answers-differ.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import { walkFleet } from '../walk-fleet.ts';
import { type HandOnDeps, handOn } from './hand-on.ts';
import { applyHeld, type HeldDevices, readHeldDevices } from './held-devices.ts';
import {
  editMassChange,
  entryOf,
  isMassChange,
  type MassChangeLimits,
  readMassChange,
  withHeldCounts,
} from './mass-change.ts';
import type { HoldRule } from './plan-device-write.ts';
import type { SaveDeps } from './save-devices.ts';
import { type TellHeldDeps, tellHeld } from './tell-held.ts';

export interface BreakerLimits {
  readonly massChange: MassChangeLimits;
  readonly answersDiffer: AnswersDiffer;
}

/** No sweep confirms a record meanwhile: it was confirmed when it was observed. */
export function staged({ answersDiffer }: BreakerLimits, runId: string): HoldRule {
  return { kind: 'hold', answersDiffer, runId, confirmedUntil: undefined };
}

/** @returns how many devices are held now */
export async function concludePointReads(
  deps: SaveDeps & HandOnDeps & TellHeldDeps,
  { massChange }: BreakerLimits,
  runId: string,
): Promise<number> {
  const held = await readHeldDevices(deps.devices);
  const changing = held.keys.length;
  // The fleet is counted only when it matters.
  const known = changing < massChange.least ? changing : await countPresent(deps.devices);
  if (isMassChange(changing, known, massChange)) return tellHeld(deps, massChange, runId, known);
  // What a person has refused stays held while it is the same devices, few or many.
  const { held: runs } = withHeldCounts(await readMassChange(deps.tasks), held.byRun);
  const isFree = (of: string): boolean => entryOf(runs, of)?.refused === undefined;
  await applyHeld(deps, held.keys, isFree, async (changes) => void (await handOn(deps, changes)), deps.hasTime);
  const left: HeldDevices = changing === 0 ? held : await readHeldDevices(deps.devices);
  await editMassChange(deps.tasks, (state) => withHeldCounts(state, left.byRun));
  return left.keys.length;
}

async function countPresent(devices: DeviceStore): Promise<number> {
  let count = 0;
  for await (const { presence } of walkFleet(devices)) if (presence === 'present') count += 1;
  return count;
}
