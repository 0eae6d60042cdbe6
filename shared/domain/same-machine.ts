// One machine enrolled twice: after a new image, a hybrid join or a reset Intune keeps the old record beside the new one,
// with the compliance it had. Both claim the same addresses and names.

import { type Device, type DeviceRecord, isBeingRemoved } from './device.ts';

/** What firmware says where nobody has entered a serial number: shared by machines that have nothing in common. */
const NO_SERIAL_NUMBER =
  /^(?:[0.x\s-]*|none|n\/a|unknown|default string|to be filled by o\.?e\.?m\.?|system serial number|not (?:specified|available|applicable)|1234567890?|invalid)$/i;

/** What is enough to tell that two records are of one machine. */
export type MachineMarks = Pick<Device, 'entraDeviceId' | 'serialNumber'>;

/** The same Entra device, or the same serial number from the same maker of numbers. */
export function isSameMachine(a: MachineMarks, b: MachineMarks): boolean {
  if (a.entraDeviceId !== undefined && a.entraDeviceId === b.entraDeviceId) return true;
  const [one, other] = [realSerialNumber(a), realSerialNumber(b)];
  return one !== undefined && one === other;
}

/**
 * Which of the records that claim one identity stands for the machine.
 * @returns `undefined` when they are several machines, so that nobody can tell which one asks
 */
export function currentEnrolment<R extends DeviceRecord>(records: readonly R[]): R | undefined {
  const [first, ...others] = records;
  if (first === undefined || others.length === 0) return first;
  if (!others.every(({ device }) => isSameMachine(first.device, device))) return undefined;
  const staying = records.filter(({ device }) => !isBeingRemoved(device));
  // All of them are on their way out: then any says so.
  return (staying.length > 0 ? staying : records).toSorted(newestFirst)[0];
}

/** Who checked in last, then who was enrolled last. */
function newestFirst({ device: a }: DeviceRecord, { device: b }: DeviceRecord): number {
  const text = ({ lastSyncAt = '', enrolledAt = '', id }: Device): string => `${lastSyncAt}|${enrolledAt}|${id}`;
  return text(a) < text(b) ? 1 : -1;
}

/** @returns `undefined` where nobody has entered one */
export function realSerialNumber({ serialNumber = '' }: MachineMarks): string | undefined {
  const text = serialNumber.trim().toLowerCase();
  return NO_SERIAL_NUMBER.test(text) ? undefined : text;
}
