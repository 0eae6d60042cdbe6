// The end of a run, when every page was read:
//
//   records that the index does not know -> which are missing -> is there other evidence? -> too much at once?
//   -> which are gone, or in doubt, or held -> which changes of compliance apply -> report what is held
//
// Each step ends where the time is over, and the next slice goes on there. All of it may be done again: a run that is
// killed here goes on at its last checkpoint and comes to the same count.

import { isAddressRecord } from '../../domain/device/address-record.ts';
import { type Device, type DeviceKey, deviceKeyText, SHARDS } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { countTurns, directionTo, type Turns } from '../../domain/device/turn-direction.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import type { ConcludingRun, SweepRun } from '../../ports/sweep-store.ts';
import { applyHeld, countHeld, heldKeys } from '../breaker/held-devices.ts';
import type { HeldAbsences, HeldFlips } from '../breaker/held-in-memory.ts';
import {
  countedLately,
  countLately,
  countTurned,
  editMassChange,
  entryOf,
  type HeldRun,
  isGradualMassChange,
  isMassChange,
  type MassChangeState,
  readMassChange,
  withHeldCounts,
} from '../breaker/mass-change.ts';
import { reportTrip } from '../breaker/report-trip.ts';
import type { SweepDeps, SweepLimits } from '../poll-deps.ts';
import { type FlipRule, planGone, planHeldAbsence, planObserved } from '../records/plan-device-write.ts';
import { type Saved, saveDevices } from '../records/save-devices.ts';
import type { FleetIndex } from './fleet-index.ts';
import { askFor, type FoundDevice, findMissing, type MissedKey, missedIn, NOTHING_LOOKED } from './missing-devices.ts';

/** An observation that would turn the device's compliance. */
export interface CollectedFlip extends DeviceKey {
  readonly device: Device;
  /** Absent when a point read brought it. */
  readonly fingerprint?: number;
  readonly observedAt: Instant;
}

/** The run as its owner has it in hand. */
export interface RunContext {
  readonly run: SweepRun;
  readonly fleet: FleetIndex;
  /** What would turn and is not stored yet, by device. */
  readonly flips: Map<string, CollectedFlip>;
  /** What is held beside its record, by device, as far as this run knows. */
  readonly heldFlips: HeldFlips;
  /** Devices whose absence is held beside their record already, with the run that held it. */
  readonly heldAbsences: HeldAbsences;
  /** Start of the newest complete sweep before this one. */
  readonly confirmedUntil: Instant | undefined;
  dispatchChanges(changes: readonly DeviceChange[]): Promise<void>;
  /** Saves the index, then removes the changes that were dispatched. */
  saveIndex(): Promise<void>;
  /** Writes into the records since when they are not confirmed any more. */
  saveDoubted(keys: readonly DeviceKey[]): Promise<void>;
  /** Whether another step may be begun. */
  hasTime(): boolean;
  /** Notes how far the end of the run is, to be stored when the slice ends. */
  checkpoint(concluding: ConcludingRun): Promise<void>;
  /** Stores it at once, with the index as it is now. */
  keep(concluding: ConcludingRun): Promise<void>;
}

const BEGUN: ConcludingRun = { compared: 0, looked: NOTHING_LOOKED, settled: 0, gone: 0, turned: 0 };

export interface Conclusion {
  readonly result: 'complete' | 'partial';
  readonly gone: number;
  readonly turned: number;
  readonly held: number;
}

/** Witnesses that make a device gone: a complete list without it and another one, or a point read. */
const WITNESSES = 2;
/** Records settled before the time is looked at. */
const CHUNK = 500;

/** @returns `undefined` when the time was over; the next slice goes on */
export async function completeSweep(
  deps: SweepDeps,
  limits: SweepLimits,
  inFlight: RunContext,
): Promise<Conclusion | undefined> {
  const conclusion = new RunEnd(deps, limits, inFlight);
  return conclusion.work();
}

class RunEnd {
  readonly #deps: SweepDeps;
  readonly #limits: SweepLimits;
  readonly #inFlight: RunContext;
  #at: ConcludingRun;
  #held: readonly HeldRun[] = [];
  /** Devices of the fleet before this run. */
  #known = 0;

  constructor(deps: SweepDeps, limits: SweepLimits, inFlight: RunContext) {
    this.#deps = deps;
    this.#limits = limits;
    this.#inFlight = inFlight;
    this.#at = inFlight.run.concluding ?? BEGUN;
  }

  async work(): Promise<Conclusion | undefined> {
    const { run, fleet } = this.#inFlight;
    if (run.countsAbsences) {
      if (!(await this.#compare()) || !(await this.#look())) return undefined;
      if (this.#at.asked === undefined) await this.#ask();
      if (this.#at.asked?.shortList) fleet.forgiveMisses();
    }
    const mass = await this.#isMass();
    const isCounted = this.#at.asked !== undefined && !this.#at.asked.shortList;
    if (isCounted && !(await this.#settle(mass))) return undefined;
    const result = isCounted ? 'complete' : 'partial';
    if (!mass) {
      if (!(await this.#turn())) return undefined;
      await this.#countMet();
      const { gone, turned } = this.#at;
      return { result, gone, turned, held: 0 };
    }
    await stageFlips(this.#deps, this.#limits, this.#inFlight);
    await this.#countMet();
    const held = await reportTrip(this.#deps, this.#limits.massChange, { runId: run.id, known: this.#known });
    return { result, gone: this.#at.gone, turned: this.#at.turned, held };
  }

  /** After a crash they are counted twice, and the limit is reached sooner. */
  async #countMet(): Promise<void> {
    const met = this.#inFlight.run.fresh ?? 0;
    if (met > 0) await editMassChange(this.#deps.tasks, (state) => countLately(state, this.#now(), { met }));
  }

  /**
   * A run misses no record that the index does not know: now and then, and after a loss of index, they are searched.
   */
  async #compare(): Promise<boolean> {
    const { run, fleet } = this.#inFlight;
    const { devices, source } = this.#deps;
    while (run.comparesKeys && this.#at.compared < SHARDS.length) {
      for await (const { presence, ...key } of devices.listKeys(SHARDS[this.#at.compared] ?? '')) {
        if (key.source === source.name && presence === 'present') fleet.expect(key);
      }
      if (!(await this.#move({ compared: this.#at.compared + 1 }))) return false;
    }
    return true;
  }

  async #look(): Promise<boolean> {
    const { fleet, heldFlips } = this.#inFlight;
    fleet.countMisses();
    while (this.#at.looked.shards < SHARDS.length) {
      const isCounted = (key: DeviceKey): boolean => !heldFlips.has(key);
      const looked = await findMissing(this.#deps, fleet, this.#at.looked, isCounted);
      if (!(await this.#move({ looked }))) return false;
    }
    return true;
  }

  async #ask(): Promise<void> {
    const { run } = this.#inFlight;
    const known = this.#knownBefore(await readMassChange(this.#deps.tasks));
    const sizes = { known, listed: run.devices };
    const { found, asked, ...said } = await askFor(this.#deps, this.#at.looked, sizes, this.#limits);
    await takeFound(this.#deps, this.#limits, this.#inFlight, found);
    this.#at = { ...this.#at, asked: said };
    if (!said.shortList) return;
    this.#deps.log.error('poll.short-list', { missing: this.#at.looked.missing, asked, found: found.length });
    // Stored before any miss is forgiven: an index without them, saved by a process that dies, would make the list a
    // whole one.
    await this.#inFlight.keep(this.#at);
  }

  async #isMass(): Promise<boolean> {
    const { run, flips, heldFlips } = this.#inFlight;
    const { asked, looked, gone, turned } = this.#at;
    const lost =
      asked === undefined || asked.shortList ? 0 : Math.min(looked.missing, looked.twice + asked.absent.length);
    const counted = [...flips.values()];
    const turning = heldFlips.size + counted.filter((flip) => !heldFlips.has(flip)).length;
    const losing = Math.max(lost, gone);
    const state = await readMassChange(this.#deps.tasks);
    this.#known = this.#knownBefore(state) + gone;
    // An empty list proves nothing, however small the fleet.
    if (run.devices === 0 && lost > 0) return true;
    if (isMassChange(turning + turned + losing, this.#known, this.#limits.massChange)) return true;
    if (isGradualMassChange(state, this.#now(), this.#turns(), this.#known, this.#limits.massChange)) return true;
    if (losing === 0) return false;
    // What this run has let go already is among them.
    const before = Math.max(0, countedLately(state, this.#now()).lost - gone);
    return isMassChange(losing + before, this.#known + before, this.#limits.massChange);
  }

  /**
   * What was met for the first time makes no loss smaller, within a day and as long as the loss is held: another
   * tenant's list is long, too.
   */
  #knownBefore(state: MassChangeState): number {
    const { run, fleet } = this.#inFlight;
    const met = (run.fresh ?? 0) + countedLately(state, this.#now()).met;
    const lost = state.held.filter(({ absences, released }) => absences > 0 && released === undefined);
    return Math.max(0, Math.min(fleet.size - met, ...lost.map(({ known }) => known)));
  }

  /** What would turn now, each device once. */
  #turns(): Turns {
    const collected = [...this.#inFlight.flips.values()];
    const now = countTurns(collected.map(({ device }) => directionTo(device.complianceState)));
    const held = this.#inFlight.heldFlips.turnsBut(collected);
    return { better: now.better + held.better, worse: now.worse + held.worse };
  }

  #now(): Instant {
    return toInstant(this.#deps.clock.now());
  }

  /** A mass waits for an operator, absences as well as flips: a fault at the source repeats itself. */
  async #settle(mass: boolean): Promise<boolean> {
    const { fleet } = this.#inFlight;
    if (this.#inFlight.heldAbsences.size > 0) this.#held = await this.#readHeld();
    while (this.#at.settled < SHARDS.length) {
      let chunk: MissedKey[] = [];
      const until = this.#at.settledUntil;
      for await (const key of missedIn(this.#deps, fleet, SHARDS[this.#at.settled] ?? '')) {
        if (until !== undefined && deviceKeyText(key) <= until) continue;
        chunk.push(key);
        if (chunk.length < CHUNK) continue;
        const last = deviceKeyText(chunk.at(-1) as MissedKey);
        await this.#settleChunk(chunk, mass);
        chunk = [];
        if (!(await this.#move({ settledUntil: last }))) return false;
      }
      await this.#settleChunk(chunk, mass);
      const { settledUntil: _, ...rest } = this.#at;
      this.#at = rest;
      if (!(await this.#move({ settled: this.#at.settled + 1 }))) return false;
    }
    return true;
  }

  async #settleChunk(missed: readonly MissedKey[], mass: boolean): Promise<void> {
    if (missed.length === 0) return;
    const { inFlight, at } = { inFlight: this.#inFlight, at: this.#at };
    const { absent = [], believable = false, doubtful = false } = at.asked ?? {};
    const proven = new Set(absent);
    const isCandidate = (key: MissedKey): boolean =>
      proven.has(key.id) ? key.times + 1 >= WITNESSES : key.times >= WITNESSES && (!doubtful || isAddressRecord(key));
    // What stands for an address no list ever names: its absence is no sign of a fault at the source.
    const isGone = (key: MissedKey): boolean =>
      isCandidate(key) && (isAddressRecord(key) || (!mass && believable && !this.#isRefused(key)));
    const gone = missed.filter(isGone);
    const isHeld = (key: MissedKey): boolean => mass && isCandidate(key) && !isGone(key);
    await inFlight.saveDoubted(missed.filter((key) => !isGone(key) && !isHeld(key)));
    const left = await saveGone(this.#deps, inFlight, gone);
    const held = missed.filter(isHeld);
    for (const key of held) inFlight.fleet.doubt(key);
    await holdAbsences(
      this.#deps,
      inFlight,
      held.filter((key) => !inFlight.heldAbsences.has(key)),
    );
    this.#at = { ...at, gone: at.gone + left };
    if (missed.length === CHUNK) await inFlight.saveIndex();
  }

  #isRefused(key: DeviceKey): boolean {
    const runId = this.#inFlight.heldAbsences.runOf(key);
    return runId !== undefined && entryOf(this.#held, runId)?.refused !== undefined;
  }

  /** What is held, as it is now: a refusal counts as long as it is the same devices. */
  async #readHeld(): Promise<readonly HeldRun[]> {
    const before = await readMassChange(this.#deps.tasks);
    if (before.held.length === 0) return [];
    const { byRun } = await countHeld(this.#deps.devices);
    const after = await editMassChange(this.#deps.tasks, (state) => withHeldCounts(state, byRun));
    return after?.held ?? [];
  }

  /** @returns false when the time was over: then what is left is staged, and counts with the next slice */
  async #turn(): Promise<boolean> {
    const { inFlight, at: before } = { inFlight: this.#inFlight, at: this.#at };
    const collected = [...inFlight.flips.values()];
    let turned = before.turned;
    for (let start = 0; start < collected.length; start += CHUNK) {
      if (start > 0 && !(await this.#move({ turned }))) return false;
      const chunk = collected.slice(start, start + CHUNK);
      const saved = await saveFlips(this.#deps, chunk, { kind: 'apply' });
      for (const settled of saved.settled) inFlight.fleet.record(settled, settled.fingerprint);
      for (const flip of chunk) inFlight.flips.delete(deviceKeyText(flip));
      await countTurned(this.#deps.tasks, this.#now(), saved.changes);
      await inFlight.dispatchChanges(saved.changes);
      turned += saved.written;
      if (collected.length > CHUNK) await inFlight.saveIndex();
    }
    return this.#turnHeld(turned);
  }

  async #turnHeld(turnedBefore: number): Promise<boolean> {
    const { deps, inFlight } = { deps: this.#deps, inFlight: this.#inFlight };
    const held = await this.#readHeld();
    // What an operator has refused stays held while it is the same devices, few or many.
    const isFree = (runId: string): boolean => entryOf(held, runId)?.refused === undefined;
    const { heldFlips } = inFlight;
    const isLarge = heldFlips.size > CHUNK;
    const keys = heldFlips.size === 0 ? [] : heldKeys(deps.devices, (_, key) => heldFlips.has(key));
    const dispatchChanges = async (changes: readonly DeviceChange[]): Promise<void> => {
      await countTurned(deps.tasks, this.#now(), changes);
      await inFlight.dispatchChanges(changes);
      if (isLarge) await inFlight.saveIndex();
    };
    const { written, done } = await applyHeld(deps, keys, isFree, dispatchChanges, () => inFlight.hasTime());
    this.#at = { ...this.#at, turned: turnedBefore + written };
    if (!done) await inFlight.checkpoint(this.#at);
    if (held.length > 0) await this.#readHeld();
    return done;
  }

  /** @returns false when the time was over, and how far it came is stored */
  async #move(change: Partial<ConcludingRun>): Promise<boolean> {
    this.#at = { ...this.#at, ...change };
    if (this.#inFlight.hasTime()) return true;
    await this.#inFlight.checkpoint(this.#at);
    return false;
  }
}

/** Stores what would turn beside the records, so that it outlives this process. */
export async function stageFlips(
  deps: SweepDeps,
  { answersDiffer }: Pick<SweepLimits, 'answersDiffer'>,
  {
    run,
    fleet,
    flips,
    heldFlips,
    confirmedUntil,
  }: Pick<RunContext, 'run' | 'fleet' | 'flips' | 'heldFlips' | 'confirmedUntil'>,
): Promise<void> {
  const collected = [...flips.values()];
  flips.clear();
  // In doubt in the index: they are looked at when they are listed again.
  for (const { source, id, device } of collected) {
    fleet.doubt({ source, id });
    heldFlips.set({ source, id }, directionTo(device.complianceState));
  }
  await saveFlips(deps, collected, { kind: 'hold', answersDiffer, runId: run.id, confirmedUntil });
}

/** What point reads brought counts like a page: it was there all the time. */
async function takeFound(
  deps: SweepDeps,
  { answersDiffer }: SweepLimits,
  { fleet, flips, heldFlips }: RunContext,
  found: readonly FoundDevice[],
): Promise<void> {
  for (const { device, requestedAt } of found) {
    const { source, id } = device;
    const plan = { kind: 'collect', answersDiffer } as const;
    const saved = await saveFlips(deps, [{ source, id, device, observedAt: requestedAt }], plan);
    for (const settled of saved.settled) {
      // Lists leave out what a point read shows: it has a fingerprint only when it is listed again.
      fleet.record(settled);
      heldFlips.delete(settled);
    }
    for (const flip of saved.flips) flips.set(deviceKeyText(flip), flip);
    fleet.markSeen(device);
  }
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
  { run, fleet, dispatchChanges }: RunContext,
  gone: readonly DeviceKey[],
): Promise<number> {
  const saved = await saveDevices(
    deps,
    gone.map((key) => ({ key, plan: (stored) => planGone(stored, run.startedAt) })),
  );
  await dispatchChanges(saved.changes);
  for (const key of saved.settled) fleet.forget(key);
  const listable = saved.changes.filter((change) => !isAddressRecord(change)).length;
  if (listable > 0) {
    const now = toInstant(deps.clock.now());
    await editMassChange(deps.tasks, (state) => countLately(state, now, { lost: listable }));
  }
  return saved.written;
}

async function holdAbsences(
  deps: SweepDeps,
  { run, confirmedUntil }: RunContext,
  keys: readonly DeviceKey[],
): Promise<void> {
  const hold = { runId: run.id, confirmedUntil };
  await saveDevices(
    deps,
    keys.map((key) => ({ key, plan: (stored) => planHeldAbsence(stored, run.startedAt, hold) })),
  );
}
