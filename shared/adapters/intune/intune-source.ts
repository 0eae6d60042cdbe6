// Intune as a compliance source: pages through Graph's managedDevices, following nextLink exactly as it was given.

import { toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ComplianceSource } from '../../ports/compliance-source.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { MANAGED_DEVICE_PROPERTIES } from './managed-device.ts';
import { INTUNE_SOURCE, MANAGED_DEVICES_PERMISSION, readManagedDevicePage } from './managed-device-page.ts';
import { splitPage } from './split-page.ts';

export function createIntuneSource(graph: GraphClient, clock: Clock): ComplianceSource {
  const { origin } = new URL(graph.endpoint);
  const select = MANAGED_DEVICE_PROPERTIES.join(',');
  const firstPage = `${graph.endpoint}/v1.0/deviceManagement/managedDevices?$select=${select}`;
  return {
    name: INTUNE_SOURCE,
    async listDevices(cursor) {
      const requestedAt = toInstant(clock.now());
      const page = await graph.getJson(cursor ?? firstPage, MANAGED_DEVICES_PERMISSION, splitPage);
      return readManagedDevicePage(page, requestedAt, origin);
    },
  };
}
