// The fleet index of a sweep under way, and the order that keeps it honest: a doubt is stored before its cause is
// removed.

import type { DeviceKey } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { inChunks } from '../../in-chunks.ts';
import type { DeviceMark } from '../../ports/device-store.ts';
import { HeldAbsences, HeldFlips } from '../breaker/held-in-memory.ts';
import type { SweepDeps } from '../poll-deps.ts';
import { notifyOfChanges } from '../records/dispatch-changes.ts';
import type { SweepLease } from '../tasks/sweep-lease.ts';
import { FleetIndex } from './fleet-index.ts';

export type SweepIndexDeps = Pick<SweepDeps, 'devices' | 'sweeps' | 'onChange'>;

export interface LoadedMarks {
  readonly heldFlips: HeldFlips;
  readonly heldAbsences: HeldAbsences;
}

/** Changes handed on, or marks taken away, before the time is looked at. */
const ROWS_AT_ONCE = 500;

export class SweepIndex {
  readonly fleet: FleetIndex;
  readonly #deps: SweepIndexDeps;
  readonly #lease: SweepLease;
  /** Changes handed on, but not removed yet. */
  readonly #handedOn: DeviceChange[] = [];
  /** Marks whose doubt the index has in memory, but not in the store yet. */
  readonly #doubtedMarks: DeviceMark[] = [];
  /** There are more of them: after a release as many as there are devices. */
  #hasMoreDoubts = false;
  /** Changes that a crash left, as far as they were read. */
  readonly #changes: DeviceChange[] = [];

  private constructor(deps: SweepIndexDeps, lease: SweepLease, fleet: FleetIndex) {
    this.#deps = deps;
    this.#lease = lease;
    this.fleet = fleet;
  }

  /** @param lease held already: no other instance may save an index any more */
  static async open(deps: SweepIndexDeps, lease: SweepLease): Promise<SweepIndex> {
    return new SweepIndex(deps, lease, await FleetIndex.load(deps.sweeps, lease.state.runNumber));
  }

  /**
   * Records that may differ from their fingerprint: written outside the sweep, or with something held beside them.
   * Each is looked at when it is listed. A mark goes once that is stored, unless something is still held.
   * @returns devices with a turn held beside their record, and those with an absence, with the run that held it
   */
  async loadMarks(): Promise<LoadedMarks> {
    const heldFlips = new HeldFlips();
    const heldAbsences = new HeldAbsences();
    for await (const row of this.#deps.devices.openRows()) {
      if ('change' in row) {
        // As many as are handed on together; where there are more, they are read again.
        if (this.#changes.length <= ROWS_AT_ONCE) this.#changes.push(row.change);
        continue;
      }
      const { mark } = row;
      this.#doubt(mark);
      if (mark.held?.what === 'flip') heldFlips.set(mark, mark.held.to);
      if (mark.held?.what === 'absence') heldAbsences.set(mark, mark.held.runId);
      if (mark.held !== undefined) continue;
      if (this.#doubtedMarks.length < ROWS_AT_ONCE) this.#doubtedMarks.push(mark);
      else this.#hasMoreDoubts = true;
    }
    return { heldFlips, heldAbsences };
  }

  /**
   * Changes a crash left: of their devices the index may still vouch for the content before, so that the device would
   * not be looked at again if it turned back. The doubt is stored before the changes are removed.
   * @returns false when the time was over before all of them were handed on
   */
  async loadPendingChanges(hasTime: () => boolean): Promise<boolean> {
    const known = this.#changes.splice(0);
    const all = known.length > ROWS_AT_ONCE ? this.#deps.devices.pendingChanges() : known;
    for await (const changes of inChunks(all, ROWS_AT_ONCE, hasTime)) {
      if (changes === 'no-time') return false;
      for (const change of changes) this.#doubt(change);
      await this.dispatchChanges(changes);
      await this.save(true);
    }
    return true;
  }

  /**
   * Marks beyond those that go with the first save: the doubt of each is stored before it goes. What is left when the
   * time is over the next slice takes up.
   */
  async takeUpDoubts(hasTime: () => boolean): Promise<void> {
    if (!this.#hasMoreDoubts) return;
    for await (const marks of inChunks(doubtsOf(this.#deps.devices), ROWS_AT_ONCE, hasTime)) {
      if (marks === 'no-time') return;
      for (const mark of marks) this.#doubt(mark);
      await this.save(true);
      await this.#deps.devices.removeMarks(marks);
    }
  }

  /** Stored between sweeps, or by a slice that could not store its index: perhaps gone before the next one lists it. */
  #doubt(key: DeviceKey): void {
    this.fleet.doubt(key);
    this.fleet.expect(key);
  }

  async dispatchChanges(changes: readonly DeviceChange[]): Promise<void> {
    await notifyOfChanges(this.#deps.onChange, changes);
    this.#handedOn.push(...changes);
  }

  /**
   * Changes stay until the index knows of them: until then they are the only sign that it does not.
   * @param keepMarks whether the run goes on from what is stored now
   */
  async save(keepMarks: boolean): Promise<void> {
    if (this.fleet.needsSaving(keepMarks)) {
      // An owner that has lost the lease must stop before it spoils the index of the next one.
      await this.#lease.renew();
      await this.fleet.save(this.#deps.sweeps, keepMarks);
    }
    await this.#deps.devices.removeChanges(this.#handedOn.splice(0));
    await this.#deps.devices.removeMarks(this.#doubtedMarks.splice(0));
  }
}

async function* doubtsOf(devices: Pick<SweepIndexDeps['devices'], 'marks'>): AsyncIterable<DeviceMark> {
  for await (const mark of devices.marks()) if (mark.held === undefined) yield mark;
}
