// One machine enrolled twice: after a new image, a hybrid join or a reset Intune keeps the old record beside the new
// one, with the compliance it had. Both claim the same addresses and names.

import { isAddressRecord } from './address-record.ts';
import type { ComplianceState } from './compliance-state.ts';
import { type Device, type DeviceRecord, isBeingRemoved, isDisabled } from './device.ts';
import { foremostFirst, isJoined } from './joined-records.ts';

/**
 * Placeholders of firmware without a serial number. Such a list is never complete, so it is only a hint: what reliably
 * distinguishes machines are the marks that contradict an equal serial number.
 */
const NO_SERIAL_NUMBER =
  /^(?:[0.x\s-]*|none|n\/a|unknown|default string|to be filled by o\.?e\.?m\.?|system serial number|not (?:specified|available|applicable)|1234567890?|invalid)$/i;

/** The fields that show whether two records are of one machine, or of two. */
export type MachineMarks = Pick<Device, 'entraDeviceId' | 'serialNumber' | 'model' | 'userPrincipalName' | 'ownership'>;

/** The marks alone, for lists of a whole fleet. */
export function machineMarks(device: Device): MachineMarks {
  const { entraDeviceId, serialNumber, model, userPrincipalName, ownership } = device;
  return {
    ...(entraDeviceId && { entraDeviceId }),
    ...(serialNumber && { serialNumber }),
    ...(model && { model }),
    ...(userPrincipalName && { userPrincipalName }),
    ...(ownership && { ownership }),
  };
}

/**
 * How two records come to be of one machine: Entra ID says so, or a serial number does and nothing speaks against it.
 */
export type SameMachine = 'entra-device' | 'serial-number';

/** @returns `undefined` for two machines, and where the fields do not say */
export function sameMachineBy(a: MachineMarks, b: MachineMarks): SameMachine | undefined {
  if (a.entraDeviceId !== undefined && a.entraDeviceId === b.entraDeviceId) return 'entra-device';
  const [one, other] = [realSerialNumber(a), realSerialNumber(b)];
  return one !== undefined && one === other && !contradict(a, b) ? 'serial-number' : undefined;
}

export function isSameMachine(a: MachineMarks, b: MachineMarks): boolean {
  return sameMachineBy(a, b) !== undefined;
}

/**
 * A virtual machine can be given the serial number of a laptop, and makers give one to many machines. Two Entra
 * devices, models, users or kinds of owner are two machines, even with the same serial number.
 */
function contradict(a: MachineMarks, b: MachineMarks): boolean {
  return (['entraDeviceId', 'model', 'userPrincipalName', 'ownership'] as const).some((field) => {
    const [one, other] = [comparable(a[field]), comparable(b[field])];
    return one !== '' && other !== '' && one !== other;
  });
}

/**
 * Whether two records may be of one machine, for a block: also by an address, where nothing contradicts it, since docks
 * are handed on; and by serial number and address together, even after a new setup in Entra ID.
 */
export function mayBeSameMachine(
  a: MachineMarks,
  aAddresses: readonly string[],
  b: MachineMarks,
  bAddresses: readonly string[],
): boolean {
  if (isSameMachine(a, b)) return true;
  if (!aAddresses.some((address) => bAddresses.includes(address))) return false;
  const [one, other] = [realSerialNumber(a), realSerialNumber(b)];
  if (one !== undefined && other !== undefined) return one === other;
  return !contradict(a, b);
}

function comparable(text = ''): string {
  const value = text.trim().toLowerCase();
  return value === 'unknown' ? '' : value;
}

export interface CurrentEnrolment<R> {
  readonly record: R;
  /** The weakest evidence that the records are of one machine; absent where there is only one. */
  readonly by?: SameMachine;
}

/**
 * Which of the records that claim one identity stands for the machine. Within a source: one that is disabled before all
 * others, never one that is being removed unless all are, never a personal one for a company's, and of those that
 * disagree the worse. Among equals the one that checked in last stands. Records of several sources must be joined ones;
 * unless one of them is disabled, no source chooses which of them stands.
 * @returns `undefined` when they are several machines: then any of them may be the one that asks
 */
export function currentEnrolment<R extends DeviceRecord>(claimants: readonly R[]): CurrentEnrolment<R> | undefined {
  const sources = [...new Set(claimants.map(({ device }) => device.source))];
  const standing = sources.map((source) => ofOneSource(claimants.filter(({ device }) => device.source === source)));
  const [first, ...others] = standing
    .filter((one) => one !== undefined)
    .toSorted((one, other) => foremostFirst(one.record.device, other.record.device));
  if (first === undefined || standing.includes(undefined)) return undefined;
  if (others.length === 0) return first;
  // Each with each: evidence is not handed on from one record to the next.
  const all = [first, ...others];
  const isOneDevice = all.every(({ record }, index) =>
    all.slice(index + 1).every((other) => isJoined(record.device, other.record.device)),
  );
  if (!isOneDevice) return undefined;
  const isWeak = all.some(({ by }) => by === 'serial-number');
  const { record } = all.find((one) => isDisabled(one.record.device)) ?? first;
  return { record, by: isWeak ? 'serial-number' : 'entra-device' };
}

function ofOneSource<R extends DeviceRecord>(claimants: readonly R[]): CurrentEnrolment<R> | undefined {
  // What was stored of an address alone says nothing beside the record of the device that has it.
  const records = preferred(claimants, ({ device }) => !isAddressRecord(device));
  const [first, ...others] = records;
  if (first === undefined) return undefined;
  if (others.length === 0) return { record: first };
  // Each with each, too.
  const pairs = records.flatMap((one, index) =>
    records.slice(index + 1).map((other) => sameMachineBy(one.device, other.device)),
  );
  if (pairs.includes(undefined)) return undefined;
  const by = pairs.includes('serial-number') ? 'serial-number' : 'entra-device';
  // One account that is disabled counts, whatever other records of the machine say.
  const barred = preferred(records, ({ device }) => isDisabled(device));
  const staying = preferred(barred, ({ device }) => !isBeingRemoved(device));
  const [record] = preferred(staying, ({ device }) => comparable(device.ownership) !== 'personal').toSorted(worstFirst);
  return record && { record, by };
}

function preferred<R>(records: readonly R[], isPreferred: (record: R) => boolean): readonly R[] {
  const found = records.filter(isPreferred);
  return found.length > 0 ? found : records;
}

/** From what says least for the device to what says most. */
const WORST_FIRST: readonly ComplianceState[] = [
  'noncompliant',
  'error',
  'conflict',
  'unknown',
  'configManager',
  'inGracePeriod',
  'compliant',
];

/** Which says less, then which checked in last, then which was enrolled last. */
function worstFirst({ device: a }: DeviceRecord, { device: b }: DeviceRecord): number {
  const rank = ({ complianceState }: Device): number => WORST_FIRST.indexOf(complianceState);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const text = ({ lastSyncAt = '', enrolledAt = '', id }: Device): string => `${lastSyncAt}|${enrolledAt}|${id}`;
  return text(a) < text(b) ? 1 : -1;
}

/** @returns `undefined` for an empty one or a placeholder */
export function realSerialNumber({ serialNumber = '' }: Pick<Device, 'serialNumber'>): string | undefined {
  const text = serialNumber.trim().toLowerCase();
  return NO_SERIAL_NUMBER.test(text) ? undefined : text;
}
