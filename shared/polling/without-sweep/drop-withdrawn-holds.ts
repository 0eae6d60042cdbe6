// Ends what is held of devices that were to become noncompliant and that the newest list does not name any more.

import {
  type Device,
  type DeviceKey,
  deviceHash,
  deviceKeyText,
  parseDeviceKeyText,
  SHARDS,
} from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import { planUnlisted } from '../point-reads/plan-point-read.ts';
import { idOfAddress } from '../point-reads/point-reads.ts';
import { type SaveDeps, saveDevices } from '../records/save-devices.ts';
import { namedSince } from './named-by-list.ts';

/** Records looked at in one call, at least. */
const CHUNK = 200;

/**
 * Looks at the next few hundred devices of which a turn is held, in the order of their keys.
 * @param listedAt when the first page of the list was asked for
 * @param after key of the last device that is done
 * @returns where the next call goes on; `undefined` when all of them are done
 * @throws StoreError; doing it again is safe
 */
export async function dropWithdrawnHolds(
  deps: SaveDeps,
  source: string,
  listedAt: Instant,
  after: string | undefined,
): Promise<string | undefined> {
  const { keys, next } = await heldFlipsBehind(deps.devices, after);
  const stored = await deps.devices.readMany(keys);
  const macs = new Set([...stored.values()].flatMap(({ held }) => (held?.device ? addressesOf(held.device) : [])));
  const addresses = await deps.devices.readMany([...macs].map((mac) => ({ source, id: idOfAddress(mac) })));
  const isListed = (device: Device): boolean =>
    addressesOf(device).some((mac) => namedSince(addresses.get(keyOfAddress(source, mac)), listedAt));
  await saveDevices<DeviceKey>(
    deps,
    keys.map((key) => ({ key, plan: (record) => planUnlisted(record, listedAt, isListed) })),
  );
  return next;
}

/** Shard by shard; the last key says in which one to go on. */
async function heldFlipsBehind(
  devices: Pick<DeviceStore, 'listMarks'>,
  after: string | undefined,
): Promise<{ readonly keys: readonly DeviceKey[]; readonly next?: string }> {
  const keys: DeviceKey[] = [];
  const first = after === undefined ? 0 : SHARDS.indexOf(deviceHash(parseDeviceKeyText(after)).charAt(0));
  for (const [index, shard] of SHARDS.slice(Math.max(0, first)).entries()) {
    let behind = index === 0 ? after : undefined;
    do {
      const { marks, next } = await devices.listMarks(shard, behind);
      for (const { source, id, held } of marks) if (held?.what === 'flip') keys.push({ source, id });
      behind = next;
      const last = marks.at(-1);
      if (keys.length >= CHUNK && last !== undefined) return { keys, next: next ?? deviceKeyText(last) };
    } while (behind !== undefined);
  }
  return { keys };
}

function addressesOf({ wifiMac, ethernetMac }: Device): MacAddress[] {
  return [wifiMac, ethernetMac].filter((mac) => mac !== undefined);
}

function keyOfAddress(source: string, mac: MacAddress): string {
  return deviceKeyText({ source, id: idOfAddress(mac) });
}
