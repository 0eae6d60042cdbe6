// The devices of the simulated MDM server, found by each key that its dialect knows.

import { ControlError } from '../intune-tenant/control-error.ts';
import { checkedDevice, generatedDevice, type ServedDevice } from './served-device.ts';

export type DeviceKeyName = 'guid' | 'macaddress' | 'udid' | 'imei' | 'meid';

export class ServedFleet {
  readonly #devices = new Map<string, ServedDevice>();
  readonly #now: () => Date;
  readonly #seed: number;
  #made = 0;

  constructor({ size, seed, now }: { readonly size: number; readonly seed: number; readonly now: () => Date }) {
    this.#now = now;
    this.#seed = seed;
    for (let number = 0; number < size; number += 1) this.enrol({});
  }

  get size(): number {
    return this.#devices.size;
  }

  /** In the order of their enrolment. */
  all(): readonly ServedDevice[] {
    return [...this.#devices.values()];
  }

  /** @throws ControlError when no device, or several, have the name or the GUID */
  get(nameOrGuid: string): ServedDevice {
    const found = this.#devices.get(nameOrGuid) ?? this.all().find(({ name }) => name === nameOrGuid);
    if (found === undefined) throw new ControlError(404, 'device_not_found', `no device is called ${nameOrGuid}`);
    return found;
  }

  /** By one of its keys, in any letter case, as an MDM that compares text. */
  findAll(key: DeviceKeyName, value: string): readonly ServedDevice[] {
    const wanted = value.toLowerCase();
    return this.all().filter((device) => keysOf(device, key).some((each) => each.toLowerCase() === wanted));
  }

  enrol(properties: Readonly<Record<string, unknown>>): ServedDevice {
    this.#made += 1;
    const device = { ...generatedDevice(this.#seed, this.#made, this.#now()), ...checkedDevice(properties) };
    this.#devices.set(device.guid, device);
    return device;
  }

  change(nameOrGuid: string, properties: Readonly<Record<string, unknown>>): ServedDevice {
    const before = this.get(nameOrGuid);
    const after = { ...before, ...checkedDevice(properties) };
    if (after.guid !== before.guid) this.#devices.delete(before.guid);
    this.#devices.set(after.guid, after);
    return after;
  }

  remove(nameOrGuid: string): void {
    this.#devices.delete(this.get(nameOrGuid).guid);
  }
}

function keysOf(device: ServedDevice, key: DeviceKeyName): readonly string[] {
  const keys = key === 'macaddress' ? device.macAddresses : [device[key]];
  return keys.filter((each) => each !== '');
}
