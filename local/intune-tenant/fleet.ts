// The devices enrolled in the simulated tenant, in the order in which they were enrolled, with every operation that the
// control port offers.

import { checkedProperties } from './checked-properties.ts';
import { DeviceIndex, macDigits } from './device-index.ts';
import { type Enrollment, EnrollmentList, type FleetPage } from './enrollment-list.ts';
import { FleetError } from './fleet-error.ts';
import { generatedDevice } from './generated-device.ts';
import { graphDate } from './graph-date.ts';
import type { ManagedDevice, ManagedDeviceChange } from './managed-device.ts';

export const LARGEST_FLEET = 1_000_000;
const LONGEST_LIST = 1000;

export interface FleetOptions {
  readonly size: number;
  readonly seed: number;
  readonly now: () => Date;
}

export interface DeviceFilter {
  /** Part of the device name, in any letter case. */
  readonly name?: string;
  /** Wi-Fi or Ethernet MAC address, in any of the usual notations. */
  readonly mac?: string;
  /** At most 1000; 50 by default. */
  readonly limit?: number;
}

export interface DeviceList {
  /** How many devices match, listed or not. */
  readonly total: number;
  readonly value: readonly ManagedDevice[];
}

/** Called after the change: `before` is undefined for a new device, `after` for one that is gone. */
export type FleetListener = (before: ManagedDevice | undefined, after: ManagedDevice | undefined) => void;

export class Fleet {
  readonly #now: () => Date;
  #seed: number;
  readonly #enrollments = new EnrollmentList();
  readonly #byId = new Map<string, Enrollment>();
  #nextIndex = 1;
  #reference: Date;
  /** Built when it is first asked for: a fleet that is only listed needs none. */
  #index: DeviceIndex | undefined;
  readonly #hidden = new Map<string, ManagedDevice>();
  #version = 0;
  #listener: FleetListener = () => undefined;
  #reseeded: () => void = () => undefined;

  constructor(options: FleetOptions) {
    this.#now = options.now;
    this.#seed = options.seed;
    this.#reference = options.now();
    this.reseed({ size: options.size, seed: options.seed });
  }

  get size(): number {
    return this.#enrollments.size;
  }

  /** Another number after every change. */
  get version(): number {
    return this.#version;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Replaces all devices by the first `size` devices of `seed`; either stays as it is when left out. */
  reseed(change: { readonly size?: number; readonly seed?: number }): void {
    const size = change.size ?? this.size;
    const seed = change.seed ?? this.#seed;
    if (!Number.isInteger(size) || size < 0 || size > LARGEST_FLEET) {
      throw new FleetError('invalid_property', `size must be a whole number from 0 to ${LARGEST_FLEET}`);
    }
    if (!Number.isInteger(seed)) {
      throw new FleetError('invalid_property', 'seed must be a whole number');
    }
    this.#seed = seed;
    this.#enrollments.clear();
    this.#byId.clear();
    this.#version += 1;
    this.#hidden.clear();
    this.#index = undefined;
    this.#nextIndex = 1;
    // Dates are relative to the start of the day: recent enough not to look abandoned, yet two tenants started with one
    // seed on one day hold the same devices.
    this.#reference = new Date(`${this.#now().toISOString().slice(0, 10)}T00:00:00Z`);
    while (this.size < size) {
      this.#enroll(this.#generate());
    }
    this.#reseeded();
  }

  /** One listener hears of every change to a device, and when all devices were replaced. */
  listen(listener: FleetListener, reseeded: () => void): void {
    this.#listener = listener;
    this.#reseeded = reseeded;
  }

  list(filter: DeviceFilter = {}): DeviceList {
    const limit = filter.limit ?? 50;
    if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_LIST) {
      throw new FleetError('invalid_property', `limit must be a whole number from 1 to ${LONGEST_LIST}`);
    }
    const name = filter.name?.toLowerCase();
    const mac = filter.mac === undefined ? undefined : macDigits(filter.mac);
    const value: ManagedDevice[] = [];
    let total = 0;
    for (const { device } of this.#enrollments) {
      const named = name === undefined || (device.deviceName ?? '').toLowerCase().includes(name);
      const addressed =
        mac === undefined ||
        macDigits(device.wiFiMacAddress ?? '') === mac ||
        macDigits(device.ethernetMacAddress ?? '') === mac;
      if (named && addressed) {
        total += 1;
        if (value.length < limit) {
          value.push(device);
        }
      }
    }
    return { total, value };
  }

  /** The device with this id (as Graph looks it up), or undefined. */
  find(id: string): ManagedDevice | undefined {
    return this.#byId.get(id.toLowerCase())?.device;
  }

  get(idOrName: string): ManagedDevice {
    return this.#enrollment(idOrName).device;
  }

  /**
   * Changes properties of a device. A changed complianceState comes from a device that has just synchronised, so it
   * moves lastSyncDateTime to now unless that is set in the same change.
   */
  patch(idOrName: string, change: ManagedDeviceChange): ManagedDevice {
    const checked = checkedProperties(change);
    const enrollment = this.#enrollment(idOrName);
    if (checked.id !== undefined && checked.id.toLowerCase() !== enrollment.device.id) {
      throw new FleetError('invalid_property', 'the id of a device never changes: delete the device and add another');
    }
    const before = enrollment.device;
    const moved = checked.complianceState !== undefined && checked.complianceState !== before.complianceState;
    enrollment.device = {
      ...before,
      ...(moved ? { lastSyncDateTime: graphDate(this.#now()) } : {}),
      ...checked,
      id: before.id,
    };
    this.#version += 1;
    this.#index?.remove(before);
    this.#index?.add(enrollment.device);
    this.#listener(before, enrollment.device);
    return enrollment.device;
  }

  /** Enrols one more device at the end of the fleet: the next generated one, with these properties set. */
  add(properties: Partial<ManagedDevice> = {}): ManagedDevice {
    const checked = checkedProperties(properties);
    const id = checked.id?.toLowerCase();
    if (id !== undefined && this.#byId.has(id)) {
      throw new FleetError(
        'device_exists',
        `a device with id ${id} is enrolled already: leave the id out or change it`,
      );
    }
    const now = graphDate(this.#now());
    const generated = this.#generate();
    const device = { ...generated, enrolledDateTime: now, lastSyncDateTime: now, ...checked, id: id ?? generated.id };
    this.#enroll(device);
    this.#listener(undefined, device);
    return device;
  }

  /** Enrols a device a second time, as after a new installation: everything alike but the id and the dates. */
  enrollAgain(idOrName: string, properties: Partial<ManagedDevice> = {}): ManagedDevice {
    const { id: _id, enrolledDateTime: _enrolled, lastSyncDateTime: _synced, ...alike } = this.get(idOrName);
    return this.add({ ...alike, ...properties });
  }

  /** Marks the device the way Intune does between the administrator's retire command and the device's next check-in. */
  retire(idOrName: string): ManagedDevice {
    return this.patch(idOrName, { managementState: 'retirePending' });
  }

  /** Marks the device the way Intune does between the administrator's wipe command and the device's next check-in. */
  wipe(idOrName: string): ManagedDevice {
    return this.patch(idOrName, { managementState: 'wipePending' });
  }

  remove(idOrName: string): ManagedDevice {
    const enrollment = this.#enrollment(idOrName);
    this.#byId.delete(enrollment.device.id);
    this.#enrollments.remove(enrollment);
    this.#version += 1;
    this.#index?.remove(enrollment.device);
    this.#listener(enrollment.device, undefined);
    return enrollment.device;
  }

  /** Takes the device out of sight, as clean-up rules do with inactive ones, until it is shown again. */
  hide(idOrName: string): ManagedDevice {
    const device = this.remove(idOrName);
    this.#hidden.set(device.id, device);
    return device;
  }

  /** Brings a hidden device back as it was, all of them when none is named. Returns those that came back. */
  show(idOrName?: string): readonly ManagedDevice[] {
    const wanted = idOrName?.toLowerCase();
    const returning = [...this.#hidden.values()].filter(
      ({ id, deviceName }) => wanted === undefined || id === wanted || deviceName?.toLowerCase() === wanted,
    );
    if (wanted !== undefined && returning.length === 0) {
      throw new FleetError('device_not_found', `no device with the id or name '${idOrName}' is hidden: hide it first`);
    }
    for (const device of returning) {
      this.#hidden.delete(device.id);
      this.#enroll(device);
      this.#listener(undefined, device);
    }
    return returning;
  }

  /** The devices that bear this MAC address, Wi-Fi or Ethernet, in any notation. */
  withMac(mac: string): readonly ManagedDevice[] {
    return this.#indexed(this.#wholeIndex().idsWithMac(mac));
  }

  /** The devices whose azureADDeviceId this is: more than one when the same device was enrolled again. */
  withEntraId(entraId: string): readonly ManagedDevice[] {
    return this.#indexed(this.#wholeIndex().idsWithEntraId(entraId));
  }

  /** Up to `count` (wanted) devices from the given place in the order of enrolment; 0 is the beginning. */
  page(from: number, count: number, wanted?: (device: ManagedDevice) => boolean): FleetPage {
    return this.#enrollments.page(from, count, wanted);
  }

  #wholeIndex(): DeviceIndex {
    if (this.#index === undefined) {
      this.#index = new DeviceIndex();
      for (const { device } of this.#enrollments) {
        this.#index.add(device);
      }
    }
    return this.#index;
  }

  #indexed(ids: readonly string[]): readonly ManagedDevice[] {
    return ids.map((id) => this.#byId.get(id)?.device).filter((device) => device !== undefined);
  }

  #generate(): ManagedDevice {
    const device = generatedDevice({ seed: this.#seed, index: this.#nextIndex, reference: this.#reference });
    this.#nextIndex += 1;
    return device;
  }

  #enroll(device: ManagedDevice): void {
    this.#version += 1;
    const enrollment = this.#enrollments.append(device);
    this.#byId.set(device.id, enrollment);
    this.#index?.add(device);
  }

  #enrollment(idOrName: string): Enrollment {
    const wanted = idOrName.toLowerCase();
    const byId = this.#byId.get(wanted);
    if (byId !== undefined) {
      return byId;
    }
    const named = [...this.#enrollments].filter(({ device }) => device.deviceName?.toLowerCase() === wanted);
    const [first, ...others] = named;
    if (first === undefined) {
      throw new FleetError(
        'device_not_found',
        `no device has the id or name '${idOrName}': list the fleet with GET /devices?name=`,
      );
    }
    if (others.length > 0) {
      const ids = named.map(({ device }) => device.id).join(', ');
      throw new FleetError('device_ambiguous', `${named.length} devices are named '${idOrName}': use an id (${ids})`);
    }
    return first;
  }
}
