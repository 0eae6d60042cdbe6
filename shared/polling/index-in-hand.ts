// The fleet index of a sweep under way, and the order that keeps it honest: a doubt is stored before what told of it goes.

import { type DeviceKey, deviceKeyText } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import type { TurnDirection } from '../domain/turn-direction.ts';
import { inChunks } from '../in-chunks.ts';
import type { DeviceMark } from '../ports/device-store.ts';
import { FleetIndex } from './fleet-index.ts';
import { tellOfChanges } from './hand-on.ts';
import type { SweepDeps } from './sweep-deps.ts';
import type { SweepLease } from './sweep-lease.ts';

export type IndexInHandDeps = Pick<SweepDeps, 'source' | 'devices' | 'sweeps' | 'onChange'>;

/** A device with a turn held beside its record, and which way it goes, where that is known. */
export interface HeldFlip extends DeviceKey {
  readonly to?: TurnDirection;
}

export interface MarksTakenUp {
  readonly heldFlips: Map<string, HeldFlip>;
  /** With the run that held it. */
  readonly heldAbsences: Map<string, string>;
}

/** Changes handed on before they are removed, and the time is looked at. */
const CHANGES_AT_ONCE = 500;

export class IndexInHand {
  readonly fleet: FleetIndex;
  readonly #deps: IndexInHandDeps;
  readonly #lease: SweepLease;
  /** Changes handed on, but not removed yet. */
  readonly #handedOn: DeviceChange[] = [];
  /** Marks whose doubt the index has in memory, but not in the store yet. */
  readonly #doubtedMarks: DeviceMark[] = [];
  /** Changes that a crash left, as far as they were read. */
  readonly #changes: DeviceChange[] = [];

  private constructor(deps: IndexInHandDeps, lease: SweepLease, fleet: FleetIndex) {
    this.#deps = deps;
    this.#lease = lease;
    this.fleet = fleet;
  }

  /** @param lease held already: nobody else may save an index any more */
  static async open(deps: IndexInHandDeps, lease: SweepLease): Promise<IndexInHand> {
    return new IndexInHand(deps, lease, await FleetIndex.load(deps.sweeps, lease.state.runNumber));
  }

  /**
   * Records that need not say what their fingerprint says: written besides the sweep, or with something held beside them.
   * Each is looked at when it is listed. A mark goes once that is stored, unless something is still held.
   * @returns devices with a turn held beside their record, and those with an absence, with the run that held it
   */
  async takeUpMarks(): Promise<MarksTakenUp> {
    const heldFlips = new Map<string, HeldFlip>();
    const heldAbsences = new Map<string, string>();
    for await (const row of this.#deps.devices.openRows()) {
      if ('change' in row) {
        // As many as are handed on together; where there are more, they are read again.
        if (this.#changes.length <= CHANGES_AT_ONCE) this.#changes.push(row.change);
        continue;
      }
      const { mark } = row;
      this.#doubt(mark);
      if (mark.held === undefined) this.#doubtedMarks.push(mark);
      if (mark.held?.what === 'flip') {
        const { source, id, held } = mark;
        heldFlips.set(deviceKeyText(mark), { source, id, ...(held.to && { to: held.to }) });
      }
      if (mark.held?.what === 'absence') heldAbsences.set(deviceKeyText(mark), mark.held.runId);
    }
    return { heldFlips, heldAbsences };
  }

  /**
   * Changes a crash left: of their devices the index may still vouch for the content before, so that the device would not
   * be looked at again if it turned back. The doubt is stored before the changes are removed.
   * @returns false when the time was over before all of them were handed on
   */
  async takeUpChanges(hasTime: () => boolean): Promise<boolean> {
    const known = this.#changes.splice(0);
    const all = known.length > CHANGES_AT_ONCE ? this.#deps.devices.pendingChanges() : known;
    for await (const changes of inChunks(all, CHANGES_AT_ONCE, hasTime)) {
      if (changes === 'no-time') return false;
      for (const change of changes) this.#doubt(change);
      await this.handOn(changes);
      await this.save(true);
    }
    return true;
  }

  /** Stored between sweeps, or by a slice that could not store its index: perhaps gone before the next one lists it. */
  #doubt(key: DeviceKey): void {
    this.fleet.doubt(key);
    if (key.source === this.#deps.source.name) this.fleet.expect(key);
  }

  async handOn(changes: readonly DeviceChange[]): Promise<void> {
    await tellOfChanges(this.#deps.onChange, changes);
    this.#handedOn.push(...changes);
  }

  /**
   * Changes stay until the index knows of them: until then they are what tells that it does not.
   * @param keepMarks whether the run goes on from what is stored now
   */
  async save(keepMarks: boolean): Promise<void> {
    if (this.fleet.needsSaving(keepMarks)) {
      // Whoever has lost the lease finds out before he spoils the index of his successor.
      await this.#lease.renew();
      await this.fleet.save(this.#deps.sweeps, keepMarks);
    }
    await this.#deps.devices.removeChanges(this.#handedOn.splice(0));
    await this.#deps.devices.removeMarks(this.#doubtedMarks.splice(0));
  }
}
