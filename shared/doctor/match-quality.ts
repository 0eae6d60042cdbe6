// Which stored devices can never be recognised, or not without doubt, and by what.

import type { Device, DeviceRecord } from '../domain/device.ts';
import { canIdentifyDevice, type MacAddress } from '../domain/mac-address.ts';

export const MATCH_PROBLEMS = {
  'no-mac': {
    title: 'No MAC address',
    meaning: 'Only a certificate can tell who they are: MAC authentication never finds them.',
  },
  'random-mac': {
    title: 'Only random MAC addresses',
    meaning:
      'Intune knows an address the device made up, which it changes: switch randomisation off in the Wi-Fi profile.',
  },
  'shared-mac': {
    title: 'One MAC address, several devices',
    meaning: 'A dock or adapter, or one device enrolled twice: by this address nobody is recognised.',
  },
  'shared-name': {
    title: 'One name, several devices',
    meaning: 'A certificate that holds only the name tells nobody apart: put the Intune device id into it.',
  },
  'shared-serial': {
    title: 'One serial number, several devices',
    meaning: 'Most likely one device enrolled again: delete the older record in Intune.',
  },
} as const satisfies Record<string, { readonly title: string; readonly meaning: string }>;

export type MatchProblem = keyof typeof MATCH_PROBLEMS;

export interface MatchQuality {
  /** Devices that are present. */
  readonly devices: number;
  /** Records of devices that are gone; they do not count. */
  readonly gone: number;
  readonly problems: readonly MatchFinding[];
}

export interface MatchFinding {
  readonly problem: MatchProblem;
  /** Devices it concerns. */
  readonly devices: number;
  /** What is shared, and by whom; for the others the device alone. */
  readonly examples: readonly MatchExample[];
}

export interface MatchExample {
  readonly shared?: string;
  /** The first few; `more` says how many others. */
  readonly devices: readonly { readonly id: string; readonly name?: string }[];
  readonly more: number;
}

/** Devices named for one shared value. */
const SHOWN_PER_VALUE = 5;
/** What makers leave in place of a serial number. */
const NO_SERIAL =
  /^(0+|none|n\/a|unknown|default string|not (available|specified)|system serial number|to be filled.*)$/;

/**
 * Reads the fleet once. Memory: the shared values of all devices, about 300 bytes each.
 * @param mostExamples of each problem
 */
export async function matchQuality(records: AsyncIterable<DeviceRecord>, mostExamples: number): Promise<MatchQuality> {
  const lone: Record<'no-mac' | 'random-mac', Sharers> = { 'no-mac': new Sharers(), 'random-mac': new Sharers() };
  const shared = { 'shared-mac': new Shared(), 'shared-name': new Shared(), 'shared-serial': new Shared() };
  let devices = 0;
  let gone = 0;
  for await (const { device, presence } of records) {
    if (presence !== 'present') {
      gone += 1;
      continue;
    }
    devices += 1;
    const macs = [
      ...new Set([device.wifiMac, device.ethernetMac].filter((mac): mac is MacAddress => mac !== undefined)),
    ];
    const usable = macs.filter(canIdentifyDevice);
    if (usable.length === 0) lone[macs.length === 0 ? 'no-mac' : 'random-mac'].add(device, mostExamples);
    for (const mac of usable) shared['shared-mac'].add(mac, device);
    shared['shared-name'].add(device.name?.trim().toLowerCase(), device);
    shared['shared-serial'].add(serialOf(device), device);
  }
  const problems = (Object.keys(MATCH_PROBLEMS) as MatchProblem[]).map((problem) =>
    problem === 'no-mac' || problem === 'random-mac'
      ? { problem, devices: lone[problem].count, examples: lone[problem].alone() }
      : { problem, ...shared[problem].found(mostExamples) },
  );
  return { devices, gone, problems };
}

function serialOf({ serialNumber }: Device): string | undefined {
  const serial = serialNumber?.trim().toLowerCase();
  return serial && !NO_SERIAL.test(serial) ? serial : undefined;
}

/** Devices that have something in common: all counted, the first ones kept. */
class Sharers {
  count = 0;
  readonly #first: { id: string; name?: string }[] = [];

  add({ id, name }: Device, most: number): void {
    this.count += 1;
    if (this.#first.length < most) this.#first.push({ id, ...(name !== undefined && { name }) });
  }

  alone(): MatchExample[] {
    return this.#first.map((device) => ({ devices: [device], more: 0 }));
  }

  together(shared: string): MatchExample {
    return { shared, devices: this.#first, more: this.count - this.#first.length };
  }
}

class Shared {
  readonly #byValue = new Map<string, Sharers>();

  add(value: string | undefined, device: Device): void {
    if (!value) return;
    const sharers = this.#byValue.get(value) ?? new Sharers();
    sharers.add(device, SHOWN_PER_VALUE);
    this.#byValue.set(value, sharers);
  }

  /** The values that most devices share first. */
  found(most: number): { devices: number; examples: MatchExample[] } {
    const several = [...this.#byValue].filter(([, { count }]) => count > 1);
    several.sort(([, a], [, b]) => b.count - a.count);
    return {
      devices: several.reduce((sum, [, { count }]) => sum + count, 0),
      examples: several.slice(0, most).map(([value, sharers]) => sharers.together(value)),
    };
  }
}
