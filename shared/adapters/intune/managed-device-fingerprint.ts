// Ten digits that stand for what a managedDevice says, without reading it: reading a record costs several times as much as
// telling that it is the one of last time.

import { hash } from 'node:crypto';
import { MANAGED_DEVICE_PROPERTIES } from './managed-device.ts';

/** Counts up when the same record comes to be read in another way: then every row is compared once more. */
const READING = 1;
/** A record with an object where text belongs is rejected, whatever is in it: how deep that goes is its own affair. */
const NO_PLAIN_VALUE = [0];

/** Ten hexadecimal digits; equal ones by chance once in a million million. The last check-in counts by the day. */
export function managedDeviceFingerprint(record: Readonly<Record<string, unknown>>): string {
  const values = MANAGED_DEVICE_PROPERTIES.map((property) => {
    const value = record[property];
    if (typeof value === 'object' && value !== null) return NO_PLAIN_VALUE;
    return property === 'lastSyncDateTime' && typeof value === 'string' ? value.slice(0, '2026-11-20'.length) : value;
  });
  return hash('sha256', `${READING} ${JSON.stringify(values)}`).slice(0, 10);
}
