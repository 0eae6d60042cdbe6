// Other records that hold what only one machine has, as a rule: those of the same machine, or of a dock, or of a copy.

import { concurrently } from '../concurrently.ts';
import { type Device, deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import { blockedMachine } from '../domain/policy/override.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { SeenRecords } from '../ports/site-records.ts';

/** Of the owners of one identity; what more share is of no one machine. */
const MOST_HOLDERS = 16;
const RECORDS_AT_ONCE = 8;

export async function recordsSharingIdentity(
  records: Pick<SeenRecords, 'read' | 'readOwners'>,
  device: Device,
): Promise<readonly StoredDevice[]> {
  const own = deviceKeyText(device);
  const found = new Map<string, StoredDevice>();
  for (const identity of blockedMachine(device).identities) {
    const owners = (await records.readOwners(identity, { fresh: true })).devices
      .filter((key) => key !== own && !found.has(key))
      .slice(0, MOST_HOLDERS);
    const read = await concurrently(owners, RECORDS_AT_ONCE, (key) => records.read(parseDeviceKeyText(key)));
    for (const record of read) {
      if (record !== undefined && claims(record, identity)) found.set(deviceKeyText(record.device), record);
    }
  }
  return [...found.values()];
}
