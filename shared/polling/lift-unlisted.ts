// Ends what is held of devices that were to become noncompliant and that the newest list does not name any more.

import { type Device, type DeviceKey, deviceKeyText } from '../domain/device.ts';
import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import { readHeldDevices } from './held-devices.ts';
import { namedSince } from './named-since.ts';
import { planUnlisted } from './plan-point-read.ts';
import { idOfAddress } from './point-reads.ts';
import { type SaveDeps, saveDevices } from './save-devices.ts';

/** Records looked at together. */
const CHUNK = 200;

/**
 * Looks at the next few hundred devices of which a turn is held, in the order of their keys.
 * @param listedAt when the first page of the list was asked for
 * @param after key of the last device that is done
 * @returns where the next call goes on; `undefined` when all of them are done
 * @throws StoreError; doing it again is safe
 */
export async function liftUnlisted(
  deps: SaveDeps,
  source: string,
  listedAt: Instant,
  after: string | undefined,
): Promise<string | undefined> {
  const { flips } = await readHeldDevices(deps.devices);
  const left = [...flips.keys()].filter((text) => after === undefined || text > after).sort();
  const chunk = left.slice(0, CHUNK);
  const keys = chunk.flatMap((text) => flips.get(text) ?? []);
  const stored = await deps.devices.readMany(keys);
  const macs = new Set([...stored.values()].flatMap(({ held }) => (held?.device ? addressesOf(held.device) : [])));
  const addresses = await deps.devices.readMany([...macs].map((mac) => ({ source, id: idOfAddress(mac) })));
  const isListed = (device: Device): boolean =>
    addressesOf(device).some((mac) => namedSince(addresses.get(keyOfAddress(source, mac)), listedAt));
  await saveDevices<DeviceKey>(
    deps,
    keys.map((key) => ({ key, plan: (record) => planUnlisted(record, listedAt, isListed) })),
  );
  return left.length > CHUNK ? chunk.at(-1) : undefined;
}

function addressesOf({ wifiMac, ethernetMac }: Device): MacAddress[] {
  return [wifiMac, ethernetMac].filter((mac) => mac !== undefined);
}

function keyOfAddress(source: string, mac: MacAddress): string {
  return deviceKeyText({ source, id: idOfAddress(mac) });
}
