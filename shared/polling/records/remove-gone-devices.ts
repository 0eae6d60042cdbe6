// Removes records of devices that have been gone for long, with the pointers to them: else an address that each machine
// of a laboratory takes in turn would lead to hundreds of records, and to no device.
//
//   records that were gone by then -> their pointers count as missing -> pointers away -> record away,
//   unless the device has come back
//
// A process that dies in between leaves a record whose pointers are put in place when the device comes back, and
// removed with the next turn when it does not.

import type { DeviceKey } from '../../domain/device/device.ts';
import { pointersOf } from '../../domain/device/device-identities.ts';
import type { Instant } from '../../domain/instant.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { DeviceStore, StoredDevice } from '../../ports/device-store.ts';
import type { IdentityOwner, IdentityStore } from '../../ports/identity-store.ts';

/** Records removed together. */
const CHUNK = 100;

export interface RemoveGoneDeps {
  readonly devices: Pick<DeviceStore, 'listGone' | 'write' | 'remove' | 'readMany'>;
  readonly identities: IdentityStore;
}

/**
 * @param shard first digit of the device hash
 * @param before devices that were gone by then
 * @returns how many records were removed; all that there were, unless the signal ended it
 */
export async function removeGoneDevices(
  deps: RemoveGoneDeps,
  shard: string,
  before: Instant,
  { signal }: CallOptions = {},
): Promise<number> {
  let removed = 0;
  while (!signal?.aborted) {
    const gone = await deps.devices.listGone(shard, before, { signal });
    let progress = 0;
    for (let start = 0; start < gone.length && !signal?.aborted; start += CHUNK) {
      progress += await removeRecords(deps, gone.slice(start, start + CHUNK));
    }
    removed += progress;
    // Something else keeps them: they are listed once more next time.
    if (progress === 0) break;
  }
  return removed;
}

async function removeRecords(
  { devices, identities }: RemoveGoneDeps,
  records: readonly StoredDevice[],
): Promise<number> {
  const { written } = await devices.write(
    records.map(({ etag, retiredIdentities, ...record }) => ({
      record: { ...record, indexed: false },
      retiredIdentities,
      replaces: etag,
    })),
  );
  await identities.removeOwners(
    written.flatMap(({ of: { record, retiredIdentities } }) =>
      ownershipsOf(record.device, [...pointersOf(record.device), ...retiredIdentities]),
    ),
  );
  const keys = written.map(({ of: { record }, etag }) => ({ key: keyOf(record.device), etag }));
  const { removed, overtaken } = await devices.remove(keys);
  if (overtaken.length > 0) {
    // It has come back: its pointers may have been put in place before they were taken away here.
    const back = await devices.readMany(overtaken);
    await identities.addOwners([...back.values()].flatMap(({ device }) => ownershipsOf(device, pointersOf(device))));
  }
  return removed;
}

function keyOf({ source, id }: DeviceKey): DeviceKey {
  return { source, id };
}

function ownershipsOf(device: DeviceKey, identities: readonly IdentityOwner['identity'][]): IdentityOwner[] {
  return identities.map((identity) => ({ identity, device: keyOf(device) }));
}
