// Makes of a device in Cisco's MDM dialect what this product keeps of a device.

import { hash } from 'node:crypto';
import { type Device, deviceContent } from '../../domain/device/device.ts';
import type { ListedRecord, RecordProblem } from '../../ports/compliance-source.ts';
import type { MdmDevice, RejectedRecord } from './read-devices.ts';

/** Forty bits, in hexadecimal digits. */
const FINGERPRINT_DIGITS = 10;
const NO_FINGERPRINT = 0;

/**
 * The dialect does not say which adapter an address belongs to; of five addresses the first two are kept.
 * @returns `undefined` where the answer names the device by nothing that could be its id
 */
export function toDevice(source: string, { id, macs, compliant, facts }: MdmDevice): Device | undefined {
  if (id === undefined) return undefined;
  const [first, second] = macs;
  return {
    source,
    id,
    complianceState: compliant === undefined ? 'unknown' : compliant ? 'compliant' : 'noncompliant',
    ...(first !== undefined && { wifiMac: first }),
    ...(second !== undefined && { ethernetMac: second }),
    ...facts,
  };
}

/** A device of a list, for the comparison with what is stored. */
export function toListedRecord(device: Device): ListedRecord {
  const { source, id } = device;
  return {
    key: { source, id },
    fingerprint: Number.parseInt(hash('sha256', deviceContent(device)).slice(0, FINGERPRINT_DIGITS), 16),
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  };
}

/** A record of a list that cannot be used: what is stored of its device stays. */
export function toRejectedRecord(
  source: string,
  { id }: RejectedRecord,
  problems: readonly RecordProblem[],
): ListedRecord {
  return {
    key: id === undefined ? undefined : { source, id },
    fingerprint: NO_FINGERPRINT,
    graceExpiresAt: undefined,
    read: () => ({ problems }),
  };
}
