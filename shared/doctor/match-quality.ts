// Which stored devices can never be recognised, or not without doubt, and by what.

import type { DeviceRecord } from '../domain/device/device.ts';
import { canIdentifyDevice, type MacAddress } from '../domain/mac-address.ts';
import { CountedDevices, type MatchExample } from './counted-devices.ts';
import { EnrolledTwice } from './enrolled-twice.ts';
import { JoinedDevices } from './joined-devices.ts';
import { SharedValues } from './shared-values.ts';

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
    title: 'One MAC address, several machines',
    meaning: 'A dock or adapter: by this address no device is recognised.',
  },
  'shared-name': {
    title: 'One name, several machines',
    meaning: 'A certificate that holds only the name distinguishes no device: put the Intune device id into it.',
  },
  'enrolled-twice': {
    title: 'One machine, several records',
    meaning:
      'Enrolled again, by serial number or Entra device: the record that checked in last counts. Delete the others in Intune.',
  },
  'sources-disagree': {
    title: 'One device, sources that disagree',
    meaning: 'Their verdicts differ: the worse counts, unless the precedence of a source says otherwise.',
  },
} as const satisfies Record<string, { readonly title: string; readonly meaning: string }>;

export type MatchProblem = keyof typeof MATCH_PROBLEMS;

export interface MatchQuality {
  /** Devices that are present. */
  readonly devices: number;
  /** Records of devices that are gone; they do not count. */
  readonly gone: number;
  /** Devices with records in several sources, each of which counts as one above. */
  readonly joined: number;
  readonly problems: readonly MatchFinding[];
}

export interface MatchFinding {
  readonly problem: MatchProblem;
  /** Devices it concerns. */
  readonly devices: number;
  /** What is shared, and by whom; for the others the device alone. */
  readonly examples: readonly MatchExample[];
}

/**
 * Reads the fleet once. Memory: the shared values of all devices, about one kilobyte each.
 * @param mostExamples of each problem
 */
export async function matchQuality(records: AsyncIterable<DeviceRecord>, mostExamples: number): Promise<MatchQuality> {
  const lone: Record<'no-mac' | 'random-mac', CountedDevices> = {
    'no-mac': new CountedDevices(mostExamples),
    'random-mac': new CountedDevices(mostExamples),
  };
  const shared = { 'shared-mac': new SharedValues(), 'shared-name': new SharedValues() };
  const machines = new EnrolledTwice();
  const joined = new JoinedDevices();
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
    if (usable.length === 0) lone[macs.length === 0 ? 'no-mac' : 'random-mac'].add(device);
    for (const mac of usable) shared['shared-mac'].add(mac, device);
    shared['shared-name'].add(device.name?.trim().toLowerCase(), device);
    machines.add(device);
    joined.add(device);
  }
  const problems = (Object.keys(MATCH_PROBLEMS) as MatchProblem[]).map((problem): MatchFinding => {
    if (problem === 'no-mac' || problem === 'random-mac') {
      return { problem, devices: lone[problem].count, examples: lone[problem].alone() };
    }
    if (problem === 'sources-disagree') return { problem, ...joined.disagreeing(mostExamples) };
    const found = problem === 'enrolled-twice' ? machines.found(mostExamples) : shared[problem].found(mostExamples);
    return { problem, ...found };
  });
  return { devices, gone, joined: joined.count, problems };
}
