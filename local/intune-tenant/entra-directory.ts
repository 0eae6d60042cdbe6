// The device objects of the tenant's directory, which follow the fleet after a lag, and the record of their changes
// that `devices/delta` reads.

import { entraDeviceId } from './device-index.ts';
import {
  differs,
  type EntraDevice,
  entraDevice,
  entraObjectId,
  strangeDevice,
  unmanagedEntraDevice,
} from './entra-device.ts';
import type { Fleet } from './fleet.ts';
import { FleetError } from './fleet-error.ts';
import type { ManagedDevice } from './managed-device.ts';

export interface EntraChange {
  readonly objectId: string;
  /** Undefined for an object that is new. */
  readonly before: EntraDevice | undefined;
  /** Undefined for an object that was deleted. */
  readonly after: EntraDevice | undefined;
  /** When Intune changed; the directory shows it once the lag has passed. Milliseconds since 1970. */
  readonly at: number;
}

export interface EntraPage {
  readonly objects: readonly EntraDevice[];
  /** Where the next page starts; undefined when this page is the last. */
  readonly next: number | undefined;
}

/** More changes than this are not kept: a client further behind has to start again. */
const LONGEST_RECORD = 500_000;
/** A place in the full list from here on is among the objects that Intune does not manage any more. */
const UNMANAGED_PLACES = 2 ** 40;

export class EntraDirectory {
  readonly #fleet: Fleet;
  readonly #now: () => Date;
  #changes: EntraChange[] = [];
  /** The position of the first change that is kept; positions are never used twice. */
  #first = 0;
  readonly #unmanaged = new Map<string, EntraDevice>();
  /** What administrators and other MDMs have set, by Entra device id. */
  readonly #set = new Map<string, Partial<EntraDevice>>();
  /** Entra device ids by object id; built when a device is first asked for by its object id. */
  #deviceIds: Map<string, string> | undefined;

  constructor(fleet: Fleet, now: () => Date) {
    this.#fleet = fleet;
    this.#now = now;
    fleet.listen(
      (before, after) => this.#follow(before, after),
      () => this.#startAgain(),
    );
  }

  /** Tokens for a position below this one are answered with 410: start again. */
  get oldestValid(): number {
    return this.#first;
  }

  /** The position after the last change that the directory shows at this instant with this lag in seconds. */
  visibleEnd(lagSeconds: number): number {
    const horizon = this.#now().getTime() - lagSeconds * 1000;
    const waiting = this.#changes.findIndex(({ at }) => at > horizon);
    return this.#first + (waiting === -1 ? this.#changes.length : waiting);
  }

  /** The changes from one position up to, not including, another. */
  changes(from: number, to: number): readonly EntraChange[] {
    return this.#changes.slice(Math.max(0, from - this.#first), Math.max(0, to - this.#first));
  }

  /** Up to about `count` objects as they stood at position `end`, from a place in the full list; 0 is the beginning. */
  page(place: number, count: number, end: number): EntraPage {
    const waiting = new Map<string, EntraDevice | undefined>();
    for (const { objectId, before } of this.changes(end, Number.MAX_SAFE_INTEGER)) {
      if (!waiting.has(objectId)) {
        waiting.set(objectId, before);
      }
    }
    const asShown = (device: EntraDevice): EntraDevice | undefined =>
      waiting.has(device.id) ? waiting.get(device.id) : device;
    const others = [...this.#unmanaged.values(), ...this.#deletedSince(waiting)];
    if (place < UNMANAGED_PLACES) {
      const { devices, next } = this.#fleet.page(place, count);
      const objects = devices.map((device) => this.#primaryObject(device)).filter((device) => device !== undefined);
      return {
        objects: objects.map(asShown).filter((device) => device !== undefined),
        next: next ?? (others.length === 0 ? undefined : UNMANAGED_PLACES),
      };
    }
    const start = place - UNMANAGED_PLACES;
    return {
      objects: others
        .slice(start, start + count)
        .map(asShown)
        .filter((device) => device !== undefined),
      next: start + count < others.length ? place + count : undefined,
    };
  }

  /** Objects that are deleted already, but were there at the position asked for. */
  #deletedSince(waiting: ReadonlyMap<string, EntraDevice | undefined>): readonly EntraDevice[] {
    return [...waiting.values()]
      .filter((object) => object !== undefined)
      .filter(({ deviceId }) => !this.#unmanaged.has(deviceId) && this.#fleet.withEntraId(deviceId).length === 0);
  }

  /** An object by its object id. */
  find(objectId: string): EntraDevice | undefined {
    this.#deviceIds ??= this.#allDeviceIds();
    const deviceId = this.#deviceIds.get(objectId);
    return deviceId === undefined ? undefined : this.#current(deviceId);
  }

  /** Adds a device that Intune does not manage, or changes any object: as administrators and other MDMs do. */
  set(deviceId: string, change: Partial<EntraDevice>): EntraDevice {
    const before = this.#current(deviceId);
    const after: EntraDevice = { ...(before ?? strangeDevice(deviceId)), ...change };
    this.#set.set(deviceId, { ...this.#set.get(deviceId), ...change });
    if (before === undefined || this.#unmanaged.has(deviceId)) this.#unmanaged.set(deviceId, after);
    this.#record(before, after);
    return after;
  }

  #allDeviceIds(): Map<string, string> {
    const managed = this.#fleet.page(0, this.#fleet.size).devices.flatMap((device) => entraDeviceId(device) ?? []);
    return new Map([...managed, ...this.#unmanaged.keys()].map((deviceId) => [entraObjectId(deviceId), deviceId]));
  }

  #current(deviceId: string): EntraDevice | undefined {
    const device = newest(this.#fleet.withEntraId(deviceId));
    return device === undefined ? this.#unmanaged.get(deviceId) : this.#object(device);
  }

  #object(device: ManagedDevice): EntraDevice | undefined {
    const object = entraDevice(device);
    return object && { ...object, ...this.#set.get(object.deviceId) };
  }

  /** Deletes the object of a device that Intune does not manage any more. */
  delete(deviceId: string): void {
    const object = this.#unmanaged.get(deviceId.toLowerCase());
    if (object === undefined) {
      throw new FleetError(
        'device_not_found',
        `Entra has no unmanaged device with the device ID '${deviceId}': remove it from the fleet first`,
      );
    }
    this.#unmanaged.delete(object.deviceId);
    this.#record(object, undefined);
  }

  /** From now on every token handed out so far is answered with 410. */
  demandResync(): void {
    this.#first += this.#changes.length + 1;
    this.#changes = [];
  }

  #startAgain(): void {
    this.#unmanaged.clear();
    this.#set.clear();
    this.#deviceIds = undefined;
    this.demandResync();
  }

  /** A device enrolled several times has one object, which follows the enrolment that synchronised last. */
  #primaryObject(device: ManagedDevice): EntraDevice | undefined {
    const deviceId = entraDeviceId(device);
    if (deviceId === undefined) {
      return undefined;
    }
    return newest(this.#fleet.withEntraId(deviceId))?.id === device.id ? this.#object(device) : undefined;
  }

  #follow(before: ManagedDevice | undefined, after: ManagedDevice | undefined): void {
    const deviceIds = new Set([before, after].map((device) => device && entraDeviceId(device)));
    for (const deviceId of deviceIds) {
      if (deviceId !== undefined) {
        this.#followObject(deviceId, before, after);
      }
    }
  }

  #followObject(deviceId: string, before: ManagedDevice | undefined, after: ManagedDevice | undefined): void {
    const enrolled = this.#fleet.withEntraId(deviceId);
    const earlier = enrolled.filter(({ id }) => id !== after?.id);
    if (before !== undefined && entraDeviceId(before) === deviceId) {
      earlier.push(before);
    }
    const managedBefore = newest(earlier);
    const managedAfter = newest(enrolled);
    const objectBefore = managedBefore === undefined ? this.#unmanaged.get(deviceId) : this.#object(managedBefore);
    const objectAfter =
      managedAfter === undefined ? objectBefore && unmanagedEntraDevice(objectBefore) : this.#object(managedAfter);
    if (managedAfter !== undefined) {
      this.#unmanaged.delete(deviceId);
    } else if (objectAfter !== undefined) {
      this.#unmanaged.set(deviceId, objectAfter);
    }
    this.#record(objectBefore, objectAfter);
  }

  #record(before: EntraDevice | undefined, after: EntraDevice | undefined): void {
    const objectId = after?.id ?? before?.id;
    if (after !== undefined) this.#deviceIds?.set(after.id, after.deviceId);
    if (objectId === undefined || !differs(before, after)) {
      return;
    }
    this.#changes.push({ objectId, before, after, at: this.#now().getTime() });
    if (this.#changes.length > LONGEST_RECORD) {
      const dropped = Math.floor(LONGEST_RECORD / 5);
      this.#changes.splice(0, dropped);
      this.#first += dropped;
    }
  }
}

/** The last to synchronise; of several, the last to be enrolled. The ids only make the choice the same every time. */
function newest(devices: readonly ManagedDevice[]): ManagedDevice | undefined {
  const later = (one: ManagedDevice, other: ManagedDevice): number =>
    Date.parse(other.lastSyncDateTime) - Date.parse(one.lastSyncDateTime) ||
    Date.parse(other.enrolledDateTime) - Date.parse(one.enrolledDateTime) ||
    (one.id < other.id ? 1 : -1);
  return devices.toSorted(later)[0];
}
