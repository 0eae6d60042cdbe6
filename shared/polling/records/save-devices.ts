// Saves what was observed of devices: only what changed, each record with its change, then the pointers to it.

import { type Device, type DeviceKey, deviceKeyText } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { pointersOf } from '../../domain/device/device-identities.ts';
import type { Pointer } from '../../domain/identity/identity.ts';
import type { DeviceStore, StoredDevice } from '../../ports/device-store.ts';
import type { IdentityOwner, IdentityStore } from '../../ports/identity-store.ts';
import type { DevicePlan } from './plan-device-write.ts';

/** Times a record is planned again after another writer was faster. */
const ATTEMPTS = 5;

export interface SaveDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
}

/** One device, and how to judge it against what is stored. */
export interface DeviceToSave<T extends DeviceKey = DeviceKey> {
  readonly key: T;
  /** It is written without a read first; if there is a record after all, that is read then. */
  readonly expectedNew?: boolean;
  plan(stored: StoredDevice | undefined): DevicePlan;
}

export interface Saved<T extends DeviceKey = Device> {
  /** Devices whose records now hold the observation, written or not, with all their pointers in place. */
  readonly settled: readonly T[];
  /** Devices whose compliance would turn; nothing of these observations is stored. */
  readonly flips: readonly T[];
  readonly changes: readonly DeviceChange[];
  readonly written: number;
  /** Of those, records of devices that had none. */
  readonly created: number;
}

/** Devices count as settled once the pointers are in place. */
export interface SavedRecords<T extends DeviceKey = Device> extends Saved<T> {
  putPointersInPlace(): Promise<void>;
}

/** A record that is stored, but whose pointers are not known to be in place. */
interface Unindexed {
  readonly device: Device;
  readonly retiredIdentities: readonly Pointer[];
  readonly etag: string;
}

export async function saveDevices<T extends DeviceKey>(
  deps: SaveDeps,
  toSave: readonly DeviceToSave<T>[],
): Promise<Saved<T>> {
  const { putPointersInPlace, ...saved } = await saveRecords(deps, toSave);
  await putPointersInPlace();
  return saved;
}

/** For callers that have something else to do while pointers are put in place. */
export async function saveRecords<T extends DeviceKey>(
  { devices, identities }: SaveDeps,
  toSave: readonly DeviceToSave<T>[],
): Promise<SavedRecords<T>> {
  const settled: T[] = [];
  const flips: T[] = [];
  const changes: DeviceChange[] = [];
  const unindexed: Unindexed[] = [];
  let written = 0;
  let created = 0;

  let open = toSave;
  for (let attempt = 0; attempt < ATTEMPTS && open.length > 0; attempt++) {
    const toRead = attempt === 0 ? open.filter(({ expectedNew }) => !expectedNew) : open;
    const stored = await devices.readMany(toRead.map(({ key }) => key));
    const plans = open.map((item) => ({ item, plan: item.plan(stored.get(deviceKeyText(item.key))) }));
    const result = await devices.write(plans.flatMap(({ plan }) => (plan.kind === 'write' ? [plan.write] : [])));

    written += result.written.length;
    created += result.written.filter(({ of }) => of.replaces === undefined).length;
    for (const { of: write, etag } of result.written) {
      if (write.change) changes.push(write.change);
      if (!write.record.indexed) {
        unindexed.push({ device: write.record.device, retiredIdentities: write.retiredIdentities, etag });
      }
    }
    const overtaken = new Set(result.overtaken.map(({ record }) => deviceKeyText(record.device)));
    for (const { item, plan } of plans) {
      if (plan.kind === 'index-again') unindexed.push(plan.stored);
      if (plan.kind === 'flip') flips.push(item.key);
      if (isSettled(plan) && !overtaken.has(deviceKeyText(item.key))) settled.push(item.key);
    }
    open = open.filter(({ key }) => overtaken.has(deviceKeyText(key)));
  }

  const putPointersInPlace = (): Promise<void> => putInPlace({ devices, identities }, unindexed);
  return { settled, flips, changes, written, created, putPointersInPlace };
}

function isSettled(plan: DevicePlan): boolean {
  if (plan.kind === 'write') return plan.write.record.held === undefined;
  return plan.kind === 'unchanged' || plan.kind === 'index-again';
}

/**
 * New pointers first, so that the device can be found at every moment; then the old ones go; then the record says so.
 */
async function putInPlace({ devices, identities }: SaveDeps, records: readonly Unindexed[]): Promise<void> {
  if (records.length === 0) return;
  const ownerships = (choose: (record: Unindexed) => readonly Pointer[]): IdentityOwner[] =>
    records.flatMap((record) => choose(record).map((identity) => ({ identity, device: record.device })));
  await identities.addOwners(ownerships(({ device }) => pointersOf(device)));
  await identities.removeOwners(ownerships(({ retiredIdentities }) => retiredIdentities));
  await devices.markIndexed(records.map(({ device, etag }) => ({ key: device, etag })));
}
