// The device that an operator names, by what the operator knows of it; one that is not stored is refused by name.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { parseMacAddress } from '../domain/mac-address.ts';
import type { Sites } from '../domain/sites.ts';
import { RequestError } from '../errors.ts';
import { recordsFor, siteRecords } from '../lookup/site-records.ts';
import { nameDevice } from '../policy/name-device.ts';
import type { Context } from './context.ts';

/**
 * @returns what gives the key as it is stored, of the devices that the operator's sites may see
 * @throws RequestError NAC_DEVICE_UNKNOWN, NAC_DEVICE_AMBIGUOUS, NAC_REQUEST_FIELD
 */
export async function openStoredDevice({ openTables, scope }: Pick<Context, 'openTables' | 'scope'>) {
  const tables = await openTables('background');
  const records = siteRecords({
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    scope,
  });
  return async (text: string, sites: Sites): Promise<DeviceKey> => {
    if (parseMacAddress(text) !== undefined) {
      throw new RequestError(400, 'NAC_REQUEST_FIELD', 'A MAC address belongs into no URL, which others log.', {
        action: 'Give the Intune or Entra device id, the name or the serial number.',
        field: 'id',
      });
    }
    return nameDevice(await recordsFor(records, sites), text, 'id');
  };
}
