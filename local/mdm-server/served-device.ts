// A device of the simulated MDM server, its made-up properties, and the check of properties that a person sent.

import { ControlError } from '../intune-tenant/control-error.ts';
import { seededRandom } from '../intune-tenant/seeded-random.ts';

export interface ServedDevice {
  /** The key of version 3. */
  readonly guid: string;
  /** For people; the dialect does not carry it. */
  readonly name: string;
  /** Twelve upper-case hexadecimal digits each; the first is the key of versions 1 and 2. */
  readonly macAddresses: readonly string[];
  readonly registered: boolean;
  /** `null`: the server has no verdict. */
  readonly compliant: boolean | null;
  readonly failureReason: string;
  readonly remediation: string;
  readonly diskEncrypted: boolean;
  readonly pinLocked: boolean;
  readonly jailBroken: boolean;
  readonly manufacturer: string;
  readonly model: string;
  readonly imei: string;
  readonly meid: string;
  readonly udid: string;
  readonly serialNumber: string;
  readonly osVersion: string;
  readonly phoneNumber: string;
  /** Milliseconds since 1970. */
  readonly lastCheckIn: number;
}

interface Platform {
  readonly manufacturer: string;
  readonly model: string;
  readonly osVersion: string;
  readonly cellular: boolean;
}

const PLATFORMS: readonly (readonly [value: Platform, weight: number])[] = [
  [{ manufacturer: 'Apple', model: 'MacBook Air', osVersion: 'macOS 15.1', cellular: false }, 4],
  [{ manufacturer: 'Apple', model: 'iPad 8th Gen 10.2-inch (Wi-Fi Only)', osVersion: 'iOS 14.4', cellular: false }, 2],
  [{ manufacturer: 'Apple', model: 'iPhone 15', osVersion: 'iOS 18.1', cellular: true }, 2],
  [{ manufacturer: 'Samsung', model: 'SM-A536B', osVersion: 'Android,14', cellular: true }, 2],
];
const TEN_HOURS_MS = 36_000_000;
/** A vendor's block that no virtual machine and no other simulation uses. */
const VENDOR_BLOCK = '001B63';

/** Device number `number` of a seed, counted from 1: always the same. Every fourth is not compliant. */
export function generatedDevice(seed: number, number: number, now: Date): ServedDevice {
  const random = seededRandom(seed, number);
  const platform = random.weighted(PLATFORMS);
  const compliant = number % 4 !== 0;
  return {
    guid: random.guid(),
    name: `MDM-${String(number).padStart(5, '0')}`,
    macAddresses: [`${VENDOR_BLOCK}${number.toString(16).toUpperCase().padStart(6, '0')}`],
    registered: true,
    compliant,
    failureReason: compliant ? '' : 'The passcode is too short & old',
    remediation: compliant ? '' : 'Set a passcode of 6 digits',
    diskEncrypted: compliant,
    pinLocked: compliant,
    jailBroken: false,
    manufacturer: platform.manufacturer,
    model: platform.model,
    imei: platform.cellular ? String(350_000_000_000_000 + number) : '',
    meid: platform.cellular ? random.hex(14) : '',
    udid: random.hex(40).toLowerCase(),
    serialNumber: random.hex(12),
    osVersion: platform.osVersion,
    phoneNumber: platform.cellular ? `+4930${String(number).padStart(7, '0')}` : '',
    lastCheckIn: now.getTime() - random.below(TEN_HOURS_MS),
  };
}

const SAMPLE: Readonly<Record<keyof ServedDevice, string | boolean | number | readonly string[]>> = {
  guid: '',
  name: '',
  macAddresses: [],
  registered: true,
  compliant: true,
  failureReason: '',
  remediation: '',
  diskEncrypted: true,
  pinLocked: true,
  jailBroken: true,
  manufacturer: '',
  model: '',
  imei: '',
  meid: '',
  udid: '',
  serialNumber: '',
  osVersion: '',
  phoneNumber: '',
  lastCheckIn: 0,
};

/** @throws ControlError */
export function checkedDevice(change: Readonly<Record<string, unknown>>): Partial<ServedDevice> {
  for (const [name, value] of Object.entries(change)) {
    const sample = Object.hasOwn(SAMPLE, name) ? SAMPLE[name as keyof ServedDevice] : undefined;
    const fits =
      name === 'macAddresses'
        ? Array.isArray(value) && value.every((each) => typeof each === 'string')
        : typeof value === typeof sample || (name === 'compliant' && value === null);
    if (sample === undefined || !fits) {
      const properties = Object.entries(SAMPLE).map(
        ([known, kind]) => `${known} (${Array.isArray(kind) ? 'list' : typeof kind})`,
      );
      throw new ControlError(400, 'invalid_property', `'${name}' does not fit: use ${properties.join(', ')}`);
    }
  }
  return change;
}
