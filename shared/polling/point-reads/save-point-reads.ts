// Saves what reads of single devices brought, and dispatches the changes: the one way from a read of a device to its
// record. Rules say how much one read proves, and what becomes of a turn.

import type { Device, DeviceKey } from '../../domain/device/device.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import type { IdentityStore } from '../../ports/identity-store.ts';
import { type DispatchDeps, dispatchChanges } from '../records/dispatch-changes.ts';
import type { DevicePlan, FlipRule } from '../records/plan-device-write.ts';
import { type Saved, saveDevices } from '../records/save-devices.ts';
import { planAbsent, planConfirmed, planLiveWordOver, planProvenAbsent, planSeen } from './plan-point-read.ts';
import { idOfAddress, type PointReading, type PointTarget } from './point-reads.ts';

export interface SavePointReadsDeps extends DispatchDeps {
  readonly identities: IdentityStore;
  /** A sweep keeps its own account of records, and must hear of what others write. */
  readonly outOfBand: boolean;
}

export interface SaveRules {
  readonly source: string;
  /** No device becomes gone for now. */
  readonly holdAbsences: boolean;
  /** Ids of devices that sessions were let in with on the source's own word. */
  readonly answeredLive?: ReadonlySet<string>;
  /** See PointReadRules. */
  readonly flips?: FlipRule;
  /** A record that says the same is not written for the time of the read alone: sweeps confirm it. */
  readonly sweptRecords?: boolean;
  /** One read that finds no such device is proof. */
  readonly provesAbsence?: boolean;
}

/** A device, with what was read of it. */
export interface ReadDevice extends DeviceKey {
  readonly reading: PointReading;
}

export async function savePointReads(
  deps: SavePointReadsDeps,
  readings: readonly PointReading[],
  rules: SaveRules,
): Promise<Pick<Saved<ReadDevice>, 'written' | 'flips' | 'changes'>> {
  const toSave = [...byDevice(readings, { ...rules, outOfBand: deps.outOfBand }).values()];
  const saved = await saveDevices<ReadDevice>(deps, toSave);
  await dispatchChanges(deps, saved.changes);
  return saved;
}

interface ToSave {
  readonly key: ReadDevice;
  plan(stored: StoredDevice | undefined): DevicePlan;
}

/** One plan a device: of two readings the later one counts. */
function byDevice(
  readings: readonly PointReading[],
  rules: SaveRules & Pick<SavePointReadsDeps, 'outOfBand'>,
): Map<string, ToSave> {
  const plans = new Map<string, ToSave>();
  const add = (id: string, reading: PointReading, plan: ToSave['plan']): void => {
    plans.set(id, { key: { source: rules.source, id, reading }, plan });
  };
  const planFound = rules.sweptRecords ? planSeen : planConfirmed;
  for (const reading of readings.toSorted((a, b) => (a.requestedAt < b.requestedAt ? -1 : 1))) {
    const { requestedAt } = reading;
    if (reading.kind === 'found') {
      add(reading.id, reading, (stored) => planFound(stored, observed(reading.device, stored), requestedAt, rules));
      const { mac } = reading.target;
      // The address has a device now: the record that stood for it would make it ambiguous.
      if (mac !== undefined && reading.id !== idOfAddress(mac)) {
        const { outOfBand } = rules;
        add(idOfAddress(mac), reading, (stored) =>
          planAbsent(withDoubt(stored), requestedAt, { outOfBand, holdAbsences: false }),
        );
      }
    }
    if (reading.kind === 'absent') {
      const id = idOf(reading.target);
      const key = { source: rules.source, id };
      add(id, reading, (stored) => {
        if (rules.provesAbsence) return planProvenAbsent(stored, requestedAt, rules);
        return stored?.presence !== 'present' && rules.answeredLive?.has(id)
          ? planLiveWordOver(key, stored, requestedAt, rules)
          : planAbsent(stored, requestedAt, rules);
      });
    }
  }
  return plans;
}

function observed(device: (stored: Device | undefined) => Device, stored: StoredDevice | undefined): Device {
  return device(stored?.device);
}

function withDoubt(stored: StoredDevice | undefined): StoredDevice | undefined {
  return stored && { ...stored, confirmedUntil: stored.confirmedUntil ?? stored.observedAt };
}

export function idOf(target: PointTarget): string {
  return target.id ?? idOfAddress(target.mac);
}
