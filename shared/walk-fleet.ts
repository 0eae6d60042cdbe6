// Every stored device, page by page: what a flow that looks at all of them goes through.

import { SHARDS } from './domain/device/device.ts';
import type { DeviceStore, StoredDevice } from './ports/device-store.ts';

/** Every stored device, present or gone; a page of records in memory at a time. */
export async function* walkFleet(devices: Pick<DeviceStore, 'listRecords'>): AsyncIterable<StoredDevice> {
  for (const shard of SHARDS) yield* walkFleetOfShard(devices, shard);
}

/** @param shard first digit of the device hash */
export async function* walkFleetOfShard(
  devices: Pick<DeviceStore, 'listRecords'>,
  shard: string,
): AsyncIterable<StoredDevice> {
  let page = await devices.listRecords(shard, undefined);
  yield* page.records;
  while (page.more && page.records.length > 0) {
    page = await devices.listRecords(shard, page.records.at(-1)?.device);
    yield* page.records;
  }
}
