// Records that are of one machine: by serial number or by Entra device, and by both in any mixture.

import type { Device } from '../domain/device/device.ts';
import { realSerialNumber } from '../domain/device/same-machine.ts';
import { CountedDevices, type Sharing, sharing } from './counted-devices.ts';

interface Machine {
  readonly records: Pick<Device, 'id' | 'name'>[];
  readonly marks: Set<string>;
}

export class EnrolledTwice {
  /** Of one source: what another one knows is no second enrolment. */
  readonly #byMark = new Map<string, Machine>();

  add(device: Device): void {
    const marks = marksOf(device);
    const ofSource = (mark: string): string => `${device.source}|${mark}`;
    const known = new Set(marks.flatMap((mark) => this.#byMark.get(ofSource(mark)) ?? []));
    const [machine = { records: [], marks: new Set<string>() }, ...others] = known;
    // One record with the marks of two: they are the same machine.
    for (const other of others) {
      machine.records.push(...other.records);
      for (const mark of other.marks) this.#mark(machine, mark, ofSource);
    }
    machine.records.push({ id: device.id, ...(device.name !== undefined && { name: device.name }) });
    for (const mark of marks) this.#mark(machine, mark, ofSource);
  }

  found(most: number): Sharing {
    const machines = [...new Set(this.#byMark.values())].filter(({ records }) => records.length > 1);
    return sharing(
      machines.map(({ records, marks: [mark = ''] }) => {
        const sharers = new CountedDevices();
        for (const record of records) sharers.add(record);
        return [mark, sharers];
      }),
      most,
    );
  }

  #mark(machine: Machine, mark: string, ofSource: (mark: string) => string): void {
    machine.marks.add(mark);
    this.#byMark.set(ofSource(mark), machine);
  }
}

function marksOf(device: Device): string[] {
  const serialNumber = realSerialNumber(device);
  return [
    ...(serialNumber ? [`serial number ${serialNumber}`] : []),
    ...(device.entraDeviceId ? [`Entra device ${device.entraDeviceId}`] : []),
  ];
}
