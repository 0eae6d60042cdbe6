// The end of a run, when every page was read:
//
//   who is missing, and who else says so -> what would turn -> too much at once? -> apply it, or hold it and tell
//
// All of it may be done again: a run that is killed here goes on at its last checkpoint and comes to the same count.

import { type Device, type DeviceKey, deviceKeyText } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import type { Instant } from '../domain/instant.ts';
import type { SweepRun } from '../ports/sweep-store.ts';
import type { FleetIndex } from './fleet-index.ts';
import { applyHeld, readHeldDevices } from './held-devices.ts';
import { editMassChange, entryOf, isMassChange, readMassChange, withHeldCounts } from './mass-change.ts';
import { type Absences, findAbsences, type MissingDevice, stillPresent } from './missing-devices.ts';
import { type FlipRule, planGone, planHeldAbsence, planObserved } from './plan-device-write.ts';
import { type Saved, saveDevices } from './save-devices.ts';
import type { SweepDeps, SweepLimits } from './sweep-deps.ts';
import { tellHeld } from './tell-held.ts';

/** An observation that would turn the device's compliance. */
export interface CollectedFlip extends DeviceKey {
  readonly device: Device;
  /** Absent when a point read brought it. */
  readonly fingerprint?: number;
  readonly observedAt: Instant;
}

/** The run as its owner has it in hand. */
export interface RunInHand {
  readonly run: SweepRun;
  readonly fleet: FleetIndex;
  /** What would turn and is not stored yet, by device. */
  readonly flips: Map<string, CollectedFlip>;
  /** What is held beside its record, by device, as far as this run knows. */
  readonly heldFlips: Map<string, DeviceKey>;
  /** Start of the newest complete sweep before this one. */
  readonly confirmedUntil: Instant | undefined;
  handOn(changes: readonly DeviceChange[]): Promise<void>;
  /** Writes into the records since when they are not confirmed any more. */
  saveDoubted(keys: readonly DeviceKey[]): Promise<void>;
}

export interface Conclusion {
  readonly result: 'complete' | 'partial';
  readonly gone: number;
  readonly turned: number;
  readonly held: number;
}

/** Witnesses that make a device gone: a complete list without it and another one, or a point read. */
const WITNESSES = 2;

export async function concludeRun(deps: SweepDeps, limits: SweepLimits, inHand: RunInHand): Promise<Conclusion> {
  const { run, fleet } = inHand;
  const absences = run.countsAbsences ? await findAbsences(deps, fleet, run.devices, limits) : undefined;
  if (absences) await takeFound(deps, limits, inHand, absences);
  const counted = absences?.kind === 'counted' ? absences : undefined;

  const missing = counted?.missing ?? [];
  const candidates = missing.filter(({ witnesses }) => witnesses >= WITNESSES);
  const known = fleet.size;
  // An empty list is believed by no one, however small the fleet.
  const isEmpty = run.devices === 0;
  const isMass = (gone: readonly MissingDevice[]): boolean =>
    (isEmpty && gone.length > 0) || isMassChange(changing(inHand, gone).size, known, limits.massChange);
  const would = isMass(candidates) ? await stillPresent(deps.devices, candidates) : candidates;
  const mass = isMass(would);

  // A mass waits for a person, absences as well as turns: what is wrong at the source repeats itself.
  const confirmed = counted?.believable && !mass ? candidates.map(({ key }) => key) : [];
  const notConfirmed = except(missing, confirmed);
  await inHand.saveDoubted(notConfirmed);
  const gone = await saveGone(deps, inHand, confirmed);
  const result = counted ? 'complete' : 'partial';
  if (!mass) {
    const turned = await applyAll(deps, inHand);
    return { result, gone, turned, held: 0 };
  }
  await stageFlips(deps, limits, inHand);
  await holdAbsences(deps, inHand, except(would, confirmed));
  return { result, gone, turned: 0, held: await tellHeld(deps, limits.massChange, run.id, known) };
}

/** Stores what would turn beside the records, so that it outlives this process. */
export async function stageFlips(
  deps: SweepDeps,
  { compliantStates }: Pick<SweepLimits, 'compliantStates'>,
  { run, fleet, flips, heldFlips, confirmedUntil }: RunInHand,
): Promise<void> {
  const collected = [...flips.values()];
  flips.clear();
  // Whatever the index says of them, they are looked at when they are listed again.
  for (const { source, id } of collected) {
    fleet.doubt({ source, id });
    heldFlips.set(deviceKeyText({ source, id }), { source, id });
  }
  await saveFlips(deps, collected, { kind: 'hold', compliantStates, runId: run.id, confirmedUntil });
}

function changing({ flips, heldFlips }: RunInHand, gone: readonly MissingDevice[]): ReadonlySet<string> {
  return new Set([...flips.keys(), ...heldFlips.keys(), ...gone.map(({ key }) => deviceKeyText(key))]);
}

/** What point reads brought counts like a page: it was there all the time. */
async function takeFound(
  deps: SweepDeps,
  { compliantStates }: SweepLimits,
  { fleet, flips, heldFlips }: RunInHand,
  absences: Absences,
): Promise<void> {
  for (const { device, requestedAt } of absences.found) {
    const { source, id } = device;
    const plan = { kind: 'collect', compliantStates } as const;
    const saved = await saveFlips(deps, [{ source, id, device, observedAt: requestedAt }], plan);
    for (const settled of saved.settled) {
      // Lists leave out what a point read shows: it has a fingerprint only when it is listed again.
      fleet.record(settled);
      heldFlips.delete(deviceKeyText(settled));
    }
    for (const flip of saved.flips) flips.set(deviceKeyText(flip), flip);
    fleet.markSeen(device);
  }
  if (absences.kind !== 'short-list') return;
  fleet.forgiveMisses();
  const { missing, asked, found } = absences;
  deps.log.error('poll.short-list', { missing, asked, found: found.length });
}

async function applyAll(deps: SweepDeps, inHand: RunInHand): Promise<number> {
  const collected = [...inHand.flips.values()];
  inHand.flips.clear();
  const saved = await saveFlips(deps, collected, { kind: 'apply' });
  for (const settled of saved.settled) inHand.fleet.record(settled, settled.fingerprint);
  await inHand.handOn(saved.changes);
  const before = await readMassChange(deps.tasks);
  const { held } =
    before.held.length === 0 ? before : withHeldCounts(before, (await readHeldDevices(deps.devices)).byRun);
  // What a person has refused stays held while it is the same devices, few or many.
  const isFree = (runId: string): boolean => entryOf(held, runId)?.refused === undefined;
  const released = await applyHeld(deps, [...inHand.heldFlips.values()], isFree, inHand.handOn);
  if (before.held.length > 0) {
    const { byRun } = await readHeldDevices(deps.devices);
    await editMassChange(deps.tasks, (state) => withHeldCounts(state, byRun));
  }
  return saved.written + released.written;
}

async function saveFlips(
  deps: SweepDeps,
  flips: readonly CollectedFlip[],
  rule: FlipRule,
): Promise<Saved<CollectedFlip>> {
  return saveDevices<CollectedFlip>(
    deps,
    flips.map((flip) => ({
      key: flip,
      plan: (stored) => planObserved(stored, flip.device, flip.observedAt, { flips: rule }),
    })),
  );
}

/** @returns how many devices are gone now */
async function saveGone(
  deps: SweepDeps,
  { run, fleet, handOn }: RunInHand,
  gone: readonly DeviceKey[],
): Promise<number> {
  const saved = await saveDevices(
    deps,
    gone.map((key) => ({ key, plan: (stored) => planGone(stored, run.startedAt) })),
  );
  await handOn(saved.changes);
  for (const key of saved.settled) fleet.forget(key);
  return saved.written;
}

async function holdAbsences(
  deps: SweepDeps,
  { run, confirmedUntil }: RunInHand,
  keys: readonly DeviceKey[],
): Promise<void> {
  const hold = { runId: run.id, confirmedUntil };
  await saveDevices(
    deps,
    keys.map((key) => ({ key, plan: (stored) => planHeldAbsence(stored, run.startedAt, hold) })),
  );
}

function except(missing: readonly MissingDevice[], keys: readonly DeviceKey[]): DeviceKey[] {
  const left = new Set(keys.map(deviceKeyText));
  return missing.flatMap(({ key }) => (left.has(deviceKeyText(key)) ? [] : [key]));
}
