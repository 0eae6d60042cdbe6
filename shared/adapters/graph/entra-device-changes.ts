// Entra's device changes through Graph's `/devices/delta` (Graph v1.0, device: delta): which devices' isCompliant or
// isManaged may have changed. It knows no MAC address and lags; each hit is confirmed by a read of the device itself.

import { toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DirectoryChange, DirectoryChanges } from '../../ports/directory-changes.ts';
import type { GraphClient } from './graph-client.ts';
import { asRecord, isRemoved, readDeltaPage, readGuid } from './odata-page.ts';

const PERMISSION = 'Device.Read.All';

export function createEntraDeviceChanges(graph: GraphClient, clock: Clock): DirectoryChanges {
  const { origin } = new URL(graph.endpoint);
  // `latest` begins now, without the list of everything there is.
  const fromNowOn = `${graph.endpoint}/v1.0/devices/delta?$select=id,deviceId,isCompliant,isManaged&$deltatoken=latest`;
  return {
    async read(link) {
      const requestedAt = toInstant(clock.now());
      const body = await graph.getJson(link ?? fromNowOn, PERMISSION);
      const { records, ...onward } = readDeltaPage(body, { of: 'device changes', origin, from: link });
      return { requestedAt, changes: records.flatMap(readChange), ...onward };
    },
  };
}

/** Leaves out a record that cannot be read: the sweep finds the change. */
function readChange(value: unknown): DirectoryChange[] {
  const record = asRecord(value);
  const objectId = readGuid(record['id']);
  if (objectId === undefined) return [];
  const entraDeviceId = readGuid(record['deviceId']);
  const { isCompliant, isManaged } = record;
  return [
    {
      objectId,
      ...(entraDeviceId !== undefined && { entraDeviceId }),
      ...(typeof isCompliant === 'boolean' && { isCompliant }),
      ...(typeof isManaged === 'boolean' && { isManaged }),
      removed: isRemoved(record),
    },
  ];
}
