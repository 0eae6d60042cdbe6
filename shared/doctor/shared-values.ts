// Values that several machines share. Records of one machine may: lookups know which of them counts.

import type { Device } from '../domain/device/device.ts';
import { isSameMachine, type MachineMarks, machineMarks } from '../domain/device/same-machine.ts';
import { CountedDevices, type Sharing, sharing } from './counted-devices.ts';

interface Value {
  readonly sharers: CountedDevices;
  readonly first: MachineMarks;
  severalMachines: boolean;
}

export class SharedValues {
  readonly #values = new Map<string, Value>();

  add(text: string | undefined, device: Device): void {
    if (!text) return;
    const marks = machineMarks(device);
    const value = this.#values.get(text) ?? { sharers: new CountedDevices(), first: marks, severalMachines: false };
    value.severalMachines ||= value.sharers.count > 0 && !isSameMachine(value.first, marks);
    value.sharers.add(device);
    this.#values.set(text, value);
  }

  found(most: number): Sharing {
    const shared = [...this.#values].filter(([, { severalMachines }]) => severalMachines);
    return sharing(
      shared.map(([text, { sharers }]) => [text, sharers]),
      most,
    );
  }
}
