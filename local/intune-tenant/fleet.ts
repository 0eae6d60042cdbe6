/**
 * The devices enrolled in the simulated tenant, in the order in which they were enrolled, with every operation that the
 * control port offers.
 */
import { FleetError } from './fleet-error.ts';
import { generatedDevice } from './generated-device.ts';
import { graphDate } from './graph-date.ts';
import {
  isManagedDeviceProperty,
  type ManagedDevice,
  type ManagedDeviceChange,
  managedDeviceProperties,
  valueObjection,
} from './managed-device.ts';

export const largestFleet = 1_000_000;
const longestList = 1000;

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
  /** At most 1000; 50 unless told. */
  readonly limit?: number;
}

export interface DeviceList {
  /** How many devices match, listed or not. */
  readonly total: number;
  readonly value: readonly ManagedDevice[];
}

export interface FleetPage {
  readonly devices: readonly ManagedDevice[];
  /** Where the next page starts; undefined when this page is the last. */
  readonly next: number | undefined;
}

interface Enrollment {
  /** Never used twice, so that it marks a place in the fleet that survives additions and removals. */
  readonly sequence: number;
  device: ManagedDevice;
}

export class Fleet {
  readonly #now: () => Date;
  #seed: number;
  #enrollments: Enrollment[] = [];
  readonly #byId = new Map<string, Enrollment>();
  #nextSequence = 1;
  #nextIndex = 1;
  #reference: Date;

  constructor(options: FleetOptions) {
    this.#now = options.now;
    this.#seed = options.seed;
    this.#reference = options.now();
    this.reseed({ size: options.size, seed: options.seed });
  }

  get size(): number {
    return this.#enrollments.length;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Replaces all devices by the first `size` devices of `seed`; either stays as it is when left out. */
  reseed(change: { readonly size?: number; readonly seed?: number }): void {
    const size = change.size ?? this.size;
    const seed = change.seed ?? this.#seed;
    if (!Number.isInteger(size) || size < 0 || size > largestFleet) {
      throw new FleetError('invalid_property', `size must be a whole number from 0 to ${largestFleet}`);
    }
    if (!Number.isInteger(seed)) {
      throw new FleetError('invalid_property', 'seed must be a whole number');
    }
    this.#seed = seed;
    this.#enrollments = [];
    this.#byId.clear();
    this.#nextIndex = 1;
    // Dates are relative to the start of the day: recent enough not to look abandoned, yet two tenants started with one
    // seed on one day hold the same devices.
    this.#reference = new Date(`${this.#now().toISOString().slice(0, 10)}T00:00:00Z`);
    while (this.size < size) {
      this.#enroll(this.#generate());
    }
  }

  list(filter: DeviceFilter = {}): DeviceList {
    const limit = filter.limit ?? 50;
    if (!Number.isInteger(limit) || limit < 1 || limit > longestList) {
      throw new FleetError('invalid_property', `limit must be a whole number from 1 to ${longestList}`);
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
    return device;
  }

  /** Marks the device the way Intune does between the administrator's retire command and the device's next check-in. */
  retire(idOrName: string): ManagedDevice {
    return this.patch(idOrName, { managementState: 'retirePending' });
  }

  remove(idOrName: string): void {
    const enrollment = this.#enrollment(idOrName);
    this.#byId.delete(enrollment.device.id);
    this.#enrollments.splice(this.#position(enrollment.sequence), 1);
  }

  /** Up to `count` devices from the given place in the order of enrolment; 0 is the beginning. */
  page(from: number, count: number): FleetPage {
    const start = this.#position(from);
    const devices = this.#enrollments.slice(start, start + count).map(({ device }) => device);
    return { devices, next: this.#enrollments[start + count]?.sequence };
  }

  #generate(): ManagedDevice {
    const device = generatedDevice({ seed: this.#seed, index: this.#nextIndex, reference: this.#reference });
    this.#nextIndex += 1;
    return device;
  }

  #enroll(device: ManagedDevice): void {
    const enrollment = { sequence: this.#nextSequence, device };
    this.#nextSequence += 1;
    this.#enrollments.push(enrollment);
    this.#byId.set(device.id, enrollment);
  }

  /** The index of the first enrolment whose sequence is not below the given one. */
  #position(sequence: number): number {
    let low = 0;
    let high = this.#enrollments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#enrollments[middle];
      if (found !== undefined && found.sequence < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #enrollment(idOrName: string): Enrollment {
    const wanted = idOrName.toLowerCase();
    const byId = this.#byId.get(wanted);
    if (byId !== undefined) {
      return byId;
    }
    const named = this.#enrollments.filter(({ device }) => device.deviceName?.toLowerCase() === wanted);
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

/** The same properties, once their names and values are found to be those of a managedDevice. */
function checkedProperties(properties: Readonly<Partial<ManagedDevice>>): Partial<ManagedDevice> {
  for (const [name, value] of Object.entries(properties)) {
    if (!isManagedDeviceProperty(name)) {
      throw new FleetError(
        'invalid_property',
        `managedDevice has no property '${name}' here: use one of ${managedDeviceProperties.join(', ')}`,
      );
    }
    const objection = valueObjection(name, value);
    if (objection !== undefined) {
      throw new FleetError('invalid_property', objection);
    }
  }
  return properties;
}

function macDigits(mac: string): string {
  return mac.replaceAll(/[^0-9a-z]/gi, '').toUpperCase();
}
