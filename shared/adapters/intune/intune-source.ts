// The list of Intune's devices: pages through Graph's managedDevices, following nextLink exactly as it was given.

import { toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeviceList } from '../../ports/compliance-source.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { MANAGED_DEVICE_PROPERTIES } from './managed-device.ts';
import { MANAGED_DEVICES_PERMISSION, readManagedDevicePage } from './managed-device-page.ts';
import { splitPage } from './split-page.ts';

/** @param source first part of the keys of its devices */
export function createManagedDeviceList(source: string, graph: GraphClient, clock: Clock): DeviceList {
  const { origin } = new URL(graph.endpoint);
  const select = MANAGED_DEVICE_PROPERTIES.join(',');
  const firstPage = `${graph.endpoint}/v1.0/deviceManagement/managedDevices?$select=${select}`;
  return {
    async listDevices(cursor) {
      const requestedAt = toInstant(clock.now());
      const page = await graph.getJson(cursor ?? firstPage, MANAGED_DEVICES_PERMISSION, splitPage);
      return readManagedDevicePage(source, page, requestedAt, origin);
    },
  };
}
