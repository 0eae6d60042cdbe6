// What was held since a list, or a read, called a device noncompliant is held no more once a later list does not name it.

import type { Device, DeviceKey } from '../domain/device.ts';
import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import type { NoncompliantList } from '../ports/compliance-retrieval.ts';
import { readHeldDevices } from './held-devices.ts';
import { planUnlisted } from './plan-point-read.ts';
import { idOfAddress } from './point-reads.ts';
import { type SaveDeps, saveDevices } from './save-devices.ts';

/** Records looked at together. */
const CHUNK = 500;

export type Listed = NoncompliantList['devices'][number];

export interface ListedNames {
  readonly ids: ReadonlySet<string>;
  /** Addresses at which some device is listed without its id. */
  readonly macs: ReadonlySet<MacAddress>;
}

export function namesOf(listed: readonly Listed[]): ListedNames {
  return {
    ids: new Set(listed.flatMap(({ id, mac }) => id ?? (mac ? [idOfAddress(mac)] : []))),
    macs: new Set(listed.flatMap(({ id, mac }) => (id === undefined && mac ? [mac] : []))),
  };
}

/**
 * @param asked ids of devices that were read since: what they said counts
 * @throws StoreError; doing it again is safe
 */
export async function liftUnlisted(
  deps: SaveDeps,
  listed: readonly Listed[],
  asked: ReadonlySet<string>,
  listedAt: Instant,
): Promise<void> {
  const { ids, macs } = namesOf(listed);
  const isListed = ({ id, wifiMac, ethernetMac }: Device): boolean =>
    ids.has(id) || (wifiMac !== undefined && macs.has(wifiMac)) || (ethernetMac !== undefined && macs.has(ethernetMac));
  const { flips } = await readHeldDevices(deps.devices);
  const keys = [...flips.values()].filter(({ id }) => !ids.has(id) && !asked.has(id));
  for (let start = 0; start < keys.length; start += CHUNK) {
    const chunk = keys.slice(start, start + CHUNK);
    await saveDevices<DeviceKey>(
      deps,
      chunk.map((key) => ({ key, plan: (stored) => planUnlisted(stored, listedAt, isListed) })),
    );
  }
}
