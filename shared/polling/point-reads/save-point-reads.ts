// Saves what reads of single devices brought, and dispatches the changes.

import type { Device, DeviceKey } from '../../domain/device/device.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import type { IdentityStore } from '../../ports/identity-store.ts';
import { type DispatchDeps, dispatchChanges } from '../records/dispatch-changes.ts';
import type { DevicePlan, HoldRule } from '../records/plan-device-write.ts';
import { saveDevices } from '../records/save-devices.ts';
import { planAbsent, planConfirmed, planLiveWordOver } from './plan-point-read.ts';
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
  readonly hold?: HoldRule;
}

export async function savePointReads(
  deps: SavePointReadsDeps,
  readings: readonly PointReading[],
  rules: SaveRules,
): Promise<{ readonly written: number }> {
  const toSave = [...byDevice(readings, { ...rules, outOfBand: deps.outOfBand }).values()];
  const saved = await saveDevices<DeviceKey>(deps, toSave);
  await dispatchChanges(deps, saved.changes);
  return { written: saved.written };
}

interface ToSave {
  readonly key: DeviceKey;
  plan(stored: StoredDevice | undefined): DevicePlan;
}

/** One plan a device: of two readings the later one counts. */
function byDevice(
  readings: readonly PointReading[],
  rules: SaveRules & Pick<SavePointReadsDeps, 'outOfBand'>,
): Map<string, ToSave> {
  const plans = new Map<string, ToSave>();
  const add = (id: string, plan: ToSave['plan']): void => {
    plans.set(id, { key: { source: rules.source, id }, plan });
  };
  for (const reading of readings.toSorted((a, b) => (a.requestedAt < b.requestedAt ? -1 : 1))) {
    const { requestedAt } = reading;
    if (reading.kind === 'found') {
      add(reading.id, (stored) => planConfirmed(stored, observed(reading.device, stored), requestedAt, rules));
      const { mac } = reading.target;
      // The address has a device now: the record that stood for it would make it ambiguous.
      if (mac !== undefined && reading.id !== idOfAddress(mac)) {
        const { outOfBand } = rules;
        add(idOfAddress(mac), (stored) =>
          planAbsent(withDoubt(stored), requestedAt, { outOfBand, holdAbsences: false }),
        );
      }
    }
    if (reading.kind === 'absent') {
      const id = idOf(reading.target);
      const key = { source: rules.source, id };
      add(id, (stored) =>
        stored?.presence !== 'present' && rules.answeredLive?.has(id)
          ? planLiveWordOver(key, stored, requestedAt, rules)
          : planAbsent(stored, requestedAt, rules),
      );
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
